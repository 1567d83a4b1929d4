// What a reader of the page wants otherwise than a generator of code does: titles that are sentences, words for the names
// of groups, and any key before the root, which is a special case.
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

module.exports = () => ({
  id: 'reader',
  decorators: {oas3: {sentences, 'keys-before-root': keysBeforeRoot}},
});
