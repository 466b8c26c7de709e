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

// A link to a query opens it in a tab of its own. Otherwise the tabs of the
// last visit come back, and on a first visit the examples.
function initialTabs() {
  const tabs = config.examples.map(({query, variables}) => ({query, variables}));
  const params = new URLSearchParams(location.search);
  const query = params.get('query');
  if (query) {
    const variables = params.get('variables') ?? '';
    return {initialQuery: query, initialVariables: variables, defaultTabs: [{query, variables}, ...tabs]};
  }
  if (hasTabs(storage)) {
    return {defaultTabs: tabs};
  }
  return {initialQuery: tabs[0]?.query, initialVariables: tabs[0]?.variables, defaultTabs: tabs};
}

// CopyLink copies the address of the query that is being looked at.
function CopyLink() {
  const [label, setLabel] = useState('Copy link to this query');
  const queryEditor = useGraphiQL(state => state.queryEditor);
  const variableEditor = useGraphiQL(state => state.variableEditor);
  const copy = async () => {
    const link = new URL(location.pathname, location.href);
    link.searchParams.set('query', queryEditor?.getValue() ?? '');
    const variables = variableEditor?.getValue().trim();
    if (variables) {
      link.searchParams.set('variables', variables);
    }
    history.replaceState(null, '', link);
    try {
      await navigator.clipboard.writeText(link.href);
      setLabel('Link copied');
    } catch {
      // Without HTTPS there may be no clipboard; the address bar has the link.
      setLabel('The address bar now has the link');
    }
    setTimeout(() => setLabel('Copy link to this query'), 3000);
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
