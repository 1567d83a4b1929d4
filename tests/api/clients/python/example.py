import sys

from etcd_v2 import Client
from etcd_v2.api.keys import put_key
from etcd_v2.models import EtcdError, PutForm

client = Client(base_url=sys.argv[1])
written = put_key.sync("message", client=client, body=PutForm(value="hello"))
print(written.action)
refused = put_key.sync("message", client=client, body=PutForm(value="hello"), prev_exist=False)
if isinstance(refused, EtcdError):
    print(refused.error_code, refused.message)
