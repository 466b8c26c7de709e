const TABS = 'tabState';

// createStorage keeps tabs and settings in the browser under names of our own:
// another GraphiQL may have run at the same address before. Where the browser
// forbids it, nothing is kept.
export function createStorage(base) {
  const prefix = `papergraph:${base}:`;
  let store;
  try {
    store = window.localStorage;
  } catch {
    return null;
  }
  return {
    get length() {
      return Object.keys(store).filter(k => k.startsWith(prefix)).length;
    },
    getItem: key => store.getItem(prefix + key),
    setItem: (key, value) => store.setItem(prefix + key, value),
    removeItem: key => store.removeItem(prefix + key),
    clear() {
      for (const key of Object.keys(store)) {
        if (key.startsWith(prefix)) {
          store.removeItem(key);
        }
      }
    },
  };
}

// hasTabs says whether an earlier visit left tabs. GraphiQL puts a namespace
// before its keys.
export function hasTabs(storage) {
  return storage?.getItem(`graphiql:${TABS}`) != null;
}
