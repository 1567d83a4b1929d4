"""Increments a counter under the lock of python-etcd: worker.py host port lock counter times"""
import sys

import etcd

host, port, name, counter, times = sys.argv[1:]
client = etcd.Client(host=host, port=int(port), read_timeout=60)
for _ in range(int(times)):
    lock = etcd.Lock(client, name)
    lock.acquire(lock_ttl=60)
    client.write(counter, int(client.read(counter).value) + 1)
    lock.release()
