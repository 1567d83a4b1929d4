// A generated TypeScript client at work: scenario.js ENDPOINT DIR VERSION. README.md tells what the steps are.
import assert from 'node:assert/strict';

import { client } from './etcd/client.gen.js';
import {
  getKey,
  getMachines,
  getVersion,
  postKey,
  putKey,
  type EtcdError,
  type Event,
  type PutForm,
  type PutKeyData,
} from './etcd/index.js';

const [endpoint, directory, version] = process.argv.slice(2);
// Unless it is told not to, fetch follows redirects, and makes a read of a redirected write.
client.setConfig({ baseUrl: endpoint, redirect: 'manual' });

async function key() {
  const key = `${directory}/a b/c?d#e%f+g&h=i;j/ü漢🙂`;
  const value = '1+1 = 2 & 100% ü漢🙂';
  const written = await put(key, { value });
  assert.equal(written.action, 'set');
  assert.equal(written.node?.key, `/${key}`);
  assert.equal((await read(key))?.value, value);
}

async function empty() {
  const key = `${directory}/empty`;
  await put(key, { value: '' });
  assert.equal((await read(key))?.value, '');
}

async function create() {
  const key = `${directory}/create`;
  const created = await put(key, { value: 'first', ttl: 600 }, { prevExist: false });
  assert.equal(created.action, 'create');
  assert.equal(created.node?.ttl, 600);
  const { error } = await putKey({ path: { key }, query: { prevExist: false }, body: { value: 'second' } });
  assertError(error, 105, `/${key}`, created);
  assert.equal((await read(key))?.value, 'first');
}

async function swap() {
  const key = `${directory}/swap`;
  const old = await put(key, { value: 'old' });
  const won = await put(key, { value: 'new' }, { prevIndex: old.node?.modifiedIndex });
  assert.equal(won.action, 'compareAndSwap');
  assert.equal(won.prevNode?.value, 'old');
  const { error } = await putKey({ path: { key }, body: { value: 'newer', prevValue: 'old' } });
  assertError(error, 101, '[old != new]', won);
  assert.equal((await read(key))?.value, 'new');
}

async function inOrder() {
  const key = `${directory}/queue`;
  const posted: Event[] = [];
  for (const value of ['first', 'second']) {
    const { data } = await postKey({ path: { key }, body: { value }, throwOnError: true });
    posted.push(data);
  }
  assert.deepEqual(posted.map((event) => event.action), ['create', 'create']);
  const queue = await list(key);
  assert.deepEqual(queue.map((node) => node.value), ['first', 'second']);
  assert.deepEqual(queue.map((node) => node.key), posted.map((event) => event.node?.key));
}

async function listing() {
  const key = `${directory}/list`;
  await put(`${key}/b`, { value: '2' });
  await put(`${key}/a`, { value: '1' });
  await put(`${key}/sub/c`, { value: '3' });
  const [a, b, sub, ...more] = await list(key);
  assert.deepEqual([a?.key, b?.key, sub?.key], [`/${key}/a`, `/${key}/b`, `/${key}/sub`]);
  assert.deepEqual([a?.value, b?.value, sub?.dir, sub?.nodes], ['1', '2', true, undefined]);
  assert.deepEqual(more, []);
}

async function watch() {
  const key = `${directory}/watch`;
  const before = await put(key, { value: 'before' });
  const waitIndex = (before.node?.modifiedIndex ?? 0) + 1;
  // Whichever comes first, the watch or the write: from its index on, nothing is missed.
  const change = getKey({ path: { key }, query: { wait: true, waitIndex }, throwOnError: true });
  await put(key, { value: 'after' });
  const { data: event } = await change;
  assert.equal(event.action, 'set');
  assert.deepEqual([event.prevNode?.value, event.node?.value], ['before', 'after']);
}

async function machines() {
  const { data } = await getMachines({ throwOnError: true });
  assert.deepEqual(data.split(', '), [endpoint]);
}

async function versions() {
  const { data } = await getVersion({ throwOnError: true });
  assert.equal(data.etcdserver, version);
}

async function put(key: string, body: PutForm, query?: PutKeyData['query']) {
  const { data } = await putKey({ path: { key }, query, body, throwOnError: true });
  return data;
}

async function read(key: string) {
  const { data } = await getKey({ path: { key }, throwOnError: true });
  return data.node;
}

async function list(key: string) {
  const { data } = await getKey({ path: { key }, query: { sorted: true }, throwOnError: true });
  return data.node?.nodes ?? [];
}

/** An error can also be text, from a proxy for example. */
function isEtcdError(error: unknown): error is EtcdError {
  return typeof error === 'object' && error !== null && 'message' in error;
}

function assertError(error: unknown, code: number, cause: string, last: Event) {
  assert(isEtcdError(error), `no error of etcd: ${error}`);
  assert.deepEqual([error.errorCode, error.cause], [code, cause]);
  assert(error.index! >= last.node!.modifiedIndex!, `index ${error.index} is before the last change`);
}

const steps = { key, empty, create, swap, 'in-order': inOrder, list: listing, watch, machines, version: versions };
for (const [name, step] of Object.entries(steps)) {
  try {
    await step();
    console.log('ok', name);
  } catch (error) {
    process.exitCode = 1;
    console.log(`not ok ${name}: ${error instanceof Error ? error.message.replaceAll('\n', ' ') : JSON.stringify(error)}`);
  }
}
