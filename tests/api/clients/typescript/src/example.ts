import { putKey } from './etcd/index.js';
import { client } from './etcd/client.gen.js';

client.setConfig({ baseUrl: process.argv[2], redirect: 'manual' });
const path = { key: 'message' };
const { data } = await putKey({ path, body: { value: 'hello' }, throwOnError: true });
console.log(data.action);
const { error } = await putKey({ path, query: { prevExist: false }, body: { value: 'hello' } });
if (error instanceof Object && 'errorCode' in error && 'message' in error) {
  console.log(error.errorCode, error.message);
}
