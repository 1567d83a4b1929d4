// What a reader of the page needs and a generator of code does not: titles that are sentences, groups with names in words,
// releases in words, commands to try, and the keys before the root, which is a special case.
const fs = require('fs');

const groups = {keys: 'Keys', cluster: 'Cluster', stats: 'Statistics', auth: 'Users and roles'};

const sentences = () => ({
  Tag(tag) {
    tag['x-displayName'] = groups[tag.name];
  },
  Operation(operation) {
    operation.summary = operation.summary[0].toUpperCase() + operation.summary.slice(1);
  },
});

const keysBeforeRoot = () => ({
  Paths(paths) {
    const all = {...paths};
    for (const path of Object.keys(all)) delete paths[path];
    Object.assign(paths, {'/v2/keys/{key}': all['/v2/keys/{key}'], ...all});
  },
});

// 2.3.0 is written 2.3. What the description says of 0.4.9 may be older, since earlier releases have not been looked at.
const release = (version) => version.replace(/\.0$/, '');

const releases = () => {
  const tell = (place) => {
    const since = place['x-etcd-since'];
    const until = place['x-etcd-until'];
    if (!since) return;
    let words = `Since etcd ${release(since)}`;
    if (since === '0.4.9') words += ' or earlier';
    if (until) words += `, until etcd ${release(until)}`;
    place.description = `${place.description.trimEnd()}\n\n*${words}.*\n`;
  };
  return {Operation: tell, Parameter: tell, Header: tell, Schema: tell};
};

// The samples are those that `go run ./api/docs/samples` prints. Each is a command with its answer, an example of the
// description, as a comment, so that all of it can be copied into a shell.
const samples = () => {
  const all = JSON.parse(fs.readFileSync(process.env.SAMPLES));
  let examples;
  const answer = ({status, example}) => {
    if (!example) return status;
    const {value} = examples[example];
    return `${status}\n${typeof value === 'string' ? value.trimEnd() : JSON.stringify(value, null, 2)}`;
  };
  const title = ({example}) => examples[example].summary.split(/[;:]/)[0];
  const show = (sample, _, list) =>
    (list.length > 1 ? `# ${title(sample)}:\n` : '') + `${sample.curl}\n${answer(sample).replace(/^/gm, '# ')}`;
  return {
    Root: (root) => {
      examples = root.components.examples;
    },
    Operation: (operation) => {
      const source = all[operation.operationId].map(show).join('\n\n');
      operation['x-codeSamples'] = [{lang: 'sh', label: 'curl', source}];
    },
  };
};

module.exports = () => ({
  id: 'reader',
  decorators: {oas3: {sentences, 'keys-before-root': keysBeforeRoot, releases, samples}},
});
