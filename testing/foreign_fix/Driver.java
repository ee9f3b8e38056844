import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import quickfix.Application;
import quickfix.DefaultMessageFactory;
import quickfix.FieldNotFound;
import quickfix.FileStoreFactory;
import quickfix.Log;
import quickfix.LogFactory;
import quickfix.Message;
import quickfix.MessageUtils;
import quickfix.Session;
import quickfix.SessionID;
import quickfix.SessionSettings;
import quickfix.SocketInitiator;
import quickfix.field.MsgType;

/**
 * QuickFIX/J as an initiator that is spoken to in lines of JSON: testing/foreign_fix/__init__.py says
 * which.  The end of the input ends it.
 */
public final class Driver implements Application, LogFactory {
    private static final Gson JSON = new GsonBuilder().disableHtmlEscaping().create();
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    private final JsonArray logon;

    private Driver(JsonArray logon) {
        this.logon = logon;
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        JsonObject first = JSON.fromJson(lines.readLine(), JsonObject.class);
        SessionSettings settings = new SessionSettings();
        SessionID id = id(first.getAsJsonObject("settings"), settings);
        Driver driver = new Driver(first.getAsJsonArray("logon"));
        SocketInitiator initiator =
                new SocketInitiator(
                        driver,
                        new FileStoreFactory(settings),
                        settings,
                        driver,
                        new DefaultMessageFactory());
        initiator.start();
        say("ready");
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonObject command = JSON.fromJson(line, JsonObject.class);
            if (command.get("do").getAsString().equals("stop")) {
                break;
            }
            answer(command, id);
        }
        // Threads of the engine would go on.
        Runtime.getRuntime().halt(0);
    }

    private static SessionID id(JsonObject from, SessionSettings settings) {
        SessionID id =
                new SessionID(
                        from.get("BeginString").getAsString(),
                        from.get("SenderCompID").getAsString(),
                        from.get("TargetCompID").getAsString());
        for (Map.Entry<String, JsonElement> each : from.entrySet()) {
            settings.setString(id, each.getKey(), each.getValue().getAsString());
        }
        return id;
    }

    private static void answer(JsonObject command, SessionID id) {
        JsonObject answer = new JsonObject();
        answer.addProperty("said", "done");
        try {
            carryOut(command, Session.lookupSession(id), answer);
        } catch (Exception error) {
            answer.addProperty("said", "failed");
            answer.addProperty("text", error.toString());
        }
        say(answer);
    }

    private static void carryOut(JsonObject command, Session session, JsonObject answer)
            throws Exception {
        String what = command.get("do").getAsString();
        switch (what) {
            case "send":
                session.send(MessageUtils.parse(session, command.get("text").getAsString()));
                break;
            case "numbers":
                number(command, session);
                answer.addProperty("next_out", session.getExpectedSenderNum());
                answer.addProperty("next_in", session.getExpectedTargetNum());
                break;
            case "logon":
                session.logon();
                break;
            case "logout":
                session.logout(command.get("text").getAsString());
                break;
            case "disconnect":
                session.disconnect("as told", false);
                break;
            case "reset":
                session.reset();
                break;
            default:
                throw new IllegalArgumentException(what);
        }
    }

    private static void number(JsonObject command, Session session) throws IOException {
        if (command.has("next_out")) {
            session.setNextSenderMsgSeqNum(command.get("next_out").getAsInt());
        }
        if (command.has("next_in")) {
            session.setNextTargetMsgSeqNum(command.get("next_in").getAsInt());
        }
    }

    private static void say(String what) {
        JsonObject line = new JsonObject();
        line.addProperty("said", what);
        say(line);
    }

    private static void say(String what, String text) {
        JsonObject line = new JsonObject();
        line.addProperty("said", what);
        line.addProperty("text", text);
        say(line);
    }

    private static synchronized void say(JsonObject line) {
        OUT.println(JSON.toJson(line));
    }

    @Override
    public void onCreate(SessionID id) {}

    @Override
    public void onLogon(SessionID id) {
        say("logged_on");
    }

    @Override
    public void onLogout(SessionID id) {
        say("logged_out");
    }

    @Override
    public void toAdmin(Message message, SessionID id) {
        try {
            if (!message.getHeader().getString(MsgType.FIELD).equals(MsgType.LOGON)) {
                return;
            }
        } catch (FieldNotFound error) {
            throw new IllegalStateException(error);
        }
        for (JsonElement pair : logon) {
            JsonArray field = pair.getAsJsonArray();
            message.setString(field.get(0).getAsInt(), field.get(1).getAsString());
        }
    }

    @Override
    public void fromAdmin(Message message, SessionID id) {}

    @Override
    public void toApp(Message message, SessionID id) {}

    @Override
    public void fromApp(Message message, SessionID id) {}

    @Override
    public Log create(SessionID id) {
        return new Log() {
            @Override
            public void clear() {}

            @Override
            public void onIncoming(String message) {
                say("in", message);
            }

            @Override
            public void onOutgoing(String message) {
                say("out", message);
            }

            @Override
            public void onEvent(String text) {
                say("log", text);
            }

            @Override
            public void onErrorEvent(String text) {
                say("log", text);
            }
        };
    }
}
