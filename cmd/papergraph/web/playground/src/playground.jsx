import './workers.js';
import 'graphiql/style.css';
import './playground.css';
import {createRoot} from 'react-dom/client';
import {GraphiQL, HISTORY_PLUGIN} from 'graphiql';
import {ToolbarButton, useGraphiQL} from '@graphiql/react';
import {useState} from 'react';
import {createFetcher} from './fetcher.js';
import {createStorage, hasTabs} from './storage.js';
import {ExamplesIcon, LinkIcon} from './icons.jsx';
import {ExamplesList} from './examples.jsx';

// The page says where things are and which examples there are.
const config = JSON.parse(document.getElementById('config').textContent);

const storage = createStorage(config.base);
const fetcher = createFetcher(config.endpoint);

const examples = {
  title: 'Examples',
  icon: ExamplesIcon,
  content: () => <ExamplesList examples={config.examples} />,
};
const plugins = [examples, HISTORY_PLUGIN];

// A link to a query opens it in a tab of its own, beside those of the last visit.
// A first visit begins with the first example; the others are a click away.
function initialTabs() {
  const params = new URLSearchParams(location.search);
  const query = params.get('query');
  if (query) {
    const variables = params.get('variables') ?? '';
    return {initialQuery: query, initialVariables: variables, defaultTabs: [{query, variables}]};
  }
  const [first] = config.examples;
  const tabs = first ? [{query: first.query, variables: first.variables}] : [];
  if (hasTabs(storage)) {
    return {defaultTabs: tabs};
  }
  return {initialQuery: first?.query, initialVariables: first?.variables, defaultTabs: tabs};
}

// playgroundLink is the address of this page with a query in it.
function playgroundLink(query, variables) {
  const link = new URL(location.href);
  link.hash = '';
  link.searchParams.set('query', query);
  link.searchParams.delete('variables');
  if (variables) {
    link.searchParams.set('variables', variables);
  }
  return link.href;
}

// permalink has the server keep a query and returns the address that answers it
// from now on, in any format. Where it keeps none, or not this one, that is the
// playground with the query.
async function permalink(query, variables, operationName) {
  const link = playgroundLink(query, variables);
  if (!config.links) {
    return link;
  }
  try {
    const response = await fetch(config.links, {
      method: 'POST',
      headers: {'Content-Type': 'application/json'},
      body: JSON.stringify({query, variables: JSON.parse(variables || '{}'), operationName}),
    });
    return response.ok ? new URL((await response.json()).url, location.href).href : link;
  } catch {
    return link; // variables that are not JSON, or a server that is away
  }
}

// CopyLink copies the address of the query that is being looked at, and leaves
// it in the address bar as one of this page.
function CopyLink() {
  const [label, setLabel] = useState('Copy link to this query');
  const queryEditor = useGraphiQL(state => state.queryEditor);
  const variableEditor = useGraphiQL(state => state.variableEditor);
  const operationName = useGraphiQL(state => state.operationName);
  const copy = async () => {
    const query = queryEditor?.getValue() ?? '';
    const variables = variableEditor?.getValue().trim() ?? '';
    const link = await permalink(query, variables, operationName ?? undefined);
    history.replaceState(null, '', playgroundLink(query, variables));
    try {
      await navigator.clipboard.writeText(link);
      setLabel(`Copied: ${link.slice(0, 60)}${link.length > 60 ? '…' : ''}`);
    } catch {
      // Without HTTPS there may be no clipboard; the address bar has a link.
      setLabel('The address bar now has the link');
    }
    setTimeout(() => setLabel('Copy link to this query'), 5000);
  };
  return (
    <ToolbarButton onClick={copy} label={label}>
      <LinkIcon className="graphiql-toolbar-icon" aria-hidden="true" />
    </ToolbarButton>
  );
}

createRoot(document.getElementById('playground')).render(
  <GraphiQL
    fetcher={fetcher}
    storage={storage}
    plugins={plugins}
    visiblePlugin={examples}
    isHeadersEditorEnabled={false}
    shouldPersistHeaders={false}
    {...initialTabs()}
  >
    <GraphiQL.Logo>
      <a className="papergraph-logo" href={config.browse}>
        papergraph
      </a>
    </GraphiQL.Logo>
    <GraphiQL.Toolbar>
      {({prettify, copy, merge}) => (
        <>
          {prettify}
          {merge}
          {copy}
          <CopyLink />
        </>
      )}
    </GraphiQL.Toolbar>
  </GraphiQL>,
);
