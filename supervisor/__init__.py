"""Runs a whole cluster on this machine without containers: ``make cluster``.

It starts the servers (Kafka, Redis, Prometheus where it is installed), runs ``quantscope setup``,
starts the roles, and says ``ready`` once ``/ready`` of each has answered.  What dies is started
again, after pauses that grow.  A role that ends without an error is not: another process has its
name now, and both would end each other for ever; or somebody has told it to stop.  A signal stops
all: first whom clients talk to, then the other roles, then the servers, each with a time of its
own, after which it is killed.  However the supervisor itself ends, the kernel tells its processes
to end (``setpriv --pdeathsig``).

It is started from the project's folder, whose ``deploy/`` and ``scripts/`` it uses, and is not
shipped.  It knows the roles by their commands, and by the settings.
"""
