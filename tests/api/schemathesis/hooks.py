"""Keeps generated requests from what would end the run or leave the machine.

schemathesis loads this file and calls the functions with the decorator.
"""

import json
import os
import re
import urllib.error
import urllib.request

import schemathesis

# What servers take for true. A GET with such a "wait" is answered when the key changes, which may be never.
TRUE = {"1", "t", "T", "true", "True", "TRUE"}

# The members of the cluster that is tested. Without them it could not answer.
STARTED = {int(member, 16) for member in os.environ["MEMBERS"].split()}

# Members connect to the peers that they are told of. Nothing listens here.
NOBODY = re.compile(r"http://127\.0\.0\.1:[1-3]")


@schemathesis.hook
def filter_case(context, case):
    return not harm(case)


@schemathesis.hook
def before_add_examples(context, examples):
    examples[:] = [case for case in examples if not harm(case)]


@schemathesis.hook
def before_call(context, case, **kwargs):
    if why := harm(case):
        raise ValueError(f"{case.method} {case.formatted_path}: {why}")


@schemathesis.hook
def after_call(context, case, response):
    """Lets the cluster have one more member, and no second: it would lose its quorum."""
    global added
    if case.operation.label == "POST /v2/members" and response.status_code == 201:
        if added:
            remove(f"{response.request.url}/{added}")
        added = json.loads(response.content)["id"]


added = None


def remove(member):
    try:
        urllib.request.urlopen(urllib.request.Request(member, method="DELETE"))
    except urllib.error.HTTPError as e:
        if e.code not in (404, 410):  # a generated request may have removed it
            raise


def harm(case):
    """Says why a request must not be sent; None if it may."""
    path = case.operation.path
    names = case.path_parameters or {}
    body = case.body if isinstance(case.body, dict) else {}
    wait = (case.query or {}).get("wait")
    if any(str(value) in TRUE for value in (wait if isinstance(wait, list) else [wait])):
        return "it waits"
    if path == "/v2/members/{id}" and number(names.get("id")) in STARTED:
        return "it changes a member that the cluster needs"
    if path.startswith("/v2/members") and any(not NOBODY.fullmatch(url) for url in re.findall(r"\w+:/[^\"']*", str(case.body))):
        return "it names a peer that may be anybody"
    if path == "/v2/auth/users/{user}" and case.method in ("PUT", "DELETE") and names.get("user") == "root":
        return "it changes the user that the requests are made as"
    # The server would close the connection without an answer to later requests: see KeyPermissions and UserRequest.
    granted = [body.get("roles"), body.get("grant")]
    for change in (body.get("permissions"), body.get("grant")):
        keys = change.get("kv") if isinstance(change, dict) else None
        granted += [keys.get("read"), keys.get("write")] if isinstance(keys, dict) else []
    if any(not name for names in granted if isinstance(names, list) for name in names):
        return "it grants an empty name"
    return None


def number(text):
    try:
        return int(text, 16)
    except (TypeError, ValueError):
        return None
