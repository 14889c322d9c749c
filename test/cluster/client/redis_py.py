"""An ordinary program with redis-py: it knows nothing but the uri and the ca.crt of its service binding."""

import json
import os
import sys
import time
from pathlib import Path

import redis

root = Path(os.environ["SERVICE_BINDING_ROOT"])
folder = root / sys.argv[1] if len(sys.argv) > 1 else next(root.iterdir())
uri = (folder / "uri").read_text().strip()
ca = folder / "ca.crt"

options = {"ssl_ca_certs": str(ca)} if ca.exists() else {}
client = redis.Redis.from_url(uri, decode_responses=True, socket_timeout=5, **options)
key = f"sess:redis-py-{os.getpid()}-{time.time_ns()}"
client.set(key, json.dumps({"user": "ada"}), ex=60)
session = json.loads(client.get(key) or "{}")
ttl = client.ttl(key)
client.expire(key, 120)
longer = client.ttl(key)
client.delete(key)
gone = client.get(key)
client.close()
if session.get("user") != "ada" or not 1 <= ttl <= 60 or longer < 61 or gone is not None:
    sys.exit(f"Cannot use the store: read {session} {ttl} {longer} {gone}")
print("OK")
