"""Uses each call of python-etcd against the server at a host and a port."""

import sys
import threading

import etcd
from etcd.auth import EtcdRole, EtcdUser

host, port = sys.argv[1], int(sys.argv[2])


def connect(**kwargs):
    return etcd.Client(host=host, port=port, **kwargs)


def refused(error, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except error:
        return
    raise AssertionError("%s%s was not refused" % (call, args))


client = connect()
client.write("/a b?#%/ü", "1")
client.read("/a b?#%/ü", quorum=True)
client.write("/a", "1", ttl=60)
client.write("/a", "2", prevValue="1")
refused(etcd.EtcdCompareFailed, client.write, "/a", "3", prevValue="1")
refused(etcd.EtcdAlreadyExist, client.write, "/a", "3", prevExist=False)
result = client.read("/a")
client.write("/a", "3", prevIndex=result.modifiedIndex)
client.test_and_set("/a", "4", "3")
client.refresh("/a", ttl=60)
result = client.get("/a")
result.value = "5"
client.update(result)
client.set("/b", "")
client.write("/d", None, dir=True)
client.write("/d/q", "1", append=True)
client.read("/d", recursive=True, sorted=True)
client.read("/")
assert "/nope" not in client
refused(etcd.EtcdNotFile, client.delete, "/d")
refused(etcd.EtcdDirNotEmpty, client.delete, "/d", dir=True)
client.delete("/d", recursive=True)
client.delete("/a", prevValue="5")
client.pop("/b")

client.watch("/w", index=client.write("/w", "1").modifiedIndex)
timer = threading.Timer(0.2, connect().write, ("/w", "2"))
timer.start()
client.watch("/w", timeout=10)
timer.join()

lock = etcd.Lock(client, "lock")
lock.acquire(blocking=True, lock_ttl=60)
lock.release()

client.machines
client.leader
client.members
client.stats
client.leader_stats
client.store_stats
client.version
client.cluster_version

role = EtcdRole(client, "app")
role.write()
role.grant("/app/*", "RW")
role.write()
role.revoke("/app/*", "W") if hasattr(role, "revoke") else None
role.read()
for name in ("root", "bob"):
    user = EtcdUser(client, name)
    user.password = "pw"
    user.write()
user = EtcdUser(client, "bob")
user.read()
user.roles = ["app"]
user.write()
user.names
role.names
root = connect(username="root", password="pw")
auth = etcd.auth.Auth(root) if hasattr(etcd.auth, "Auth") else None
if auth:
    auth.active = True
    refused(etcd.EtcdException, EtcdUser(client, "bob").read)
    auth.active = False
user.delete()
role.delete()
