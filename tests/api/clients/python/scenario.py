"""A generated Python client at work: scenario.py ENDPOINT DIR VERSION. README.md tells what the steps are."""

import sys
from concurrent.futures import ThreadPoolExecutor

from etcd_v2 import Client
from etcd_v2.api.cluster import get_machines, get_version
from etcd_v2.api.keys import get_key, post_key, put_key
from etcd_v2.models import Action, EtcdError, Event, PutForm, Version
from etcd_v2.types import Unset

endpoint, directory, version = sys.argv[1:]
# httpx follows no redirects unless told to, and must not: a redirected write would become a read.
client = Client(base_url=endpoint)


def key():
    name, value = f"{directory}/a b/c?d#e%f+g&h=i;j/ü漢🙂", "1+1 = 2 & 100% ü漢🙂"
    written = put_key.sync(name, client=client, body=PutForm(value=value))
    expect(written.action, Action.SET)
    expect(written.node.key, f"/{name}")
    expect(get_key.sync(name, client=client).node.value, value)


def empty():
    name = f"{directory}/empty"
    put_key.sync(name, client=client, body=PutForm(value=""))
    expect(get_key.sync(name, client=client).node.value, "")


def create():
    name = f"{directory}/create"
    created = put_key.sync(name, client=client, body=PutForm(value="first", ttl=600), prev_exist=False)
    expect(created.action, Action.CREATE)
    expect(created.node.ttl, 600)
    conflict = put_key.sync(name, client=client, body=PutForm(value="second"), prev_exist=False)
    expect_error(conflict, 105, f"/{name}", created)
    expect(get_key.sync(name, client=client).node.value, "first")


def swap():
    name = f"{directory}/swap"
    old = put_key.sync(name, client=client, body=PutForm(value="old"))
    won = put_key.sync(name, client=client, body=PutForm(value="new"), prev_index=old.node.modified_index)
    expect(won.action, Action.COMPAREANDSWAP)
    expect(won.prev_node.value, "old")
    lost = put_key.sync(name, client=client, body=PutForm(value="newer", prev_value="old"))
    expect_error(lost, 101, "[old != new]", won)
    expect(get_key.sync(name, client=client).node.value, "new")


def in_order():
    name = f"{directory}/queue"
    posted = [post_key.sync(name, client=client, body=PutForm(value=value)) for value in ("first", "second")]
    expect([event.action for event in posted], [Action.CREATE, Action.CREATE])
    queue = get_key.sync(name, client=client, sorted_=True).node.nodes
    expect([node.value for node in queue], ["first", "second"])
    expect([node.key for node in queue], [event.node.key for event in posted])


def listing():
    name = f"{directory}/list"
    for child, value in ("b", "2"), ("a", "1"), ("sub/c", "3"):
        put_key.sync(f"{name}/{child}", client=client, body=PutForm(value=value))
    a, b, sub = get_key.sync(name, client=client, sorted_=True).node.nodes
    expect([a.key, b.key, sub.key], [f"/{name}/a", f"/{name}/b", f"/{name}/sub"])
    expect([a.value, b.value, sub.dir_], ["1", "2", True])
    expect(isinstance(sub.nodes, Unset), True)


def watch():
    name = f"{directory}/watch"
    before = put_key.sync(name, client=client, body=PutForm(value="before"))
    with ThreadPoolExecutor() as background:
        # Whichever comes first, the watch or the write: from its index on, nothing is missed.
        change = background.submit(
            get_key.sync, name, client=client, wait=True, wait_index=before.node.modified_index + 1
        )
        put_key.sync(name, client=client, body=PutForm(value="after"))
        event = change.result()
    expect(event.action, Action.SET)
    expect([event.prev_node.value, event.node.value], ["before", "after"])


def machines():
    expect(get_machines.sync(client=client).split(", "), [endpoint])


def versions():
    answer = get_version.sync(client=client)
    expect(type(answer), Version)
    expect(answer.etcdserver, version)


def expect(got, want):
    if got != want:
        raise AssertionError(f"{got!r} instead of {want!r}")


def expect_error(got: EtcdError | Event, code: int, cause: str, last: Event):
    """A refusal is a value of type EtcdError; its index is not behind the last change."""
    expect(type(got), EtcdError)
    expect([got.error_code, got.cause], [code, cause])
    expect(got.index >= last.node.modified_index, True)


steps = {
    "key": key,
    "empty": empty,
    "create": create,
    "swap": swap,
    "in-order": in_order,
    "list": listing,
    "watch": watch,
    "machines": machines,
    "version": versions,
}
failed = False
for step, run in steps.items():
    try:
        run()
        print("ok", step)
    except Exception as error:
        failed = True
        print(f"not ok {step}: {type(error).__name__}: {error}")
sys.exit(failed)
