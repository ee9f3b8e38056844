"""What documents tell people to type, done as a shell and curl would do it."""

import re
import shlex

import httpx

SERVER = "localhost:8080"


def commands(text: str) -> list[str]:
    """The curl commands of a text, each at the beginning of a line and perhaps over several."""
    return re.findall(r"^curl .*?(?=^curl |^#|^$|\Z)", text, re.MULTILINE | re.DOTALL)


def run(command: str, port: int) -> httpx.Response:
    """What curl would do with the options that the documents use."""
    words = iter(shlex.split(command.replace(SERVER, f"http://127.0.0.1:{port}"))[1:])
    method, url, body, headers = None, "", None, {}
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(words)
        elif word != "-s":
            url = word
    return httpx.request(method or ("POST" if body else "GET"), url, content=body, headers=headers)
