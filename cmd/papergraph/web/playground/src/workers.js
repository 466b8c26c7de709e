// The editor checks and completes in workers, which lie beside this file.
globalThis.MonacoEnvironment = {
  getWorker(_id, label) {
    const name = {json: 'json', graphql: 'graphql'}[label] ?? 'editor';
    return new Worker(new URL(`./${name}.worker.js`, import.meta.url), {name: label});
  },
};
