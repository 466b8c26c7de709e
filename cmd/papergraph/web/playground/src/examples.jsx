import {useGraphiQL, useGraphiQLActions} from '@graphiql/react';

// ExamplesList is the side bar's list of the example queries. One click shows
// an example: in the tab that has it, or in a new one.
export function ExamplesList({examples}) {
  const tabs = useGraphiQL(state => state.tabs);
  const active = useGraphiQL(state => state.activeTabIndex);
  const queryEditor = useGraphiQL(state => state.queryEditor);
  const variableEditor = useGraphiQL(state => state.variableEditor);
  const {addTab, changeTab} = useGraphiQLActions();
  const ready = queryEditor && variableEditor; // they are loaded after the page
  const open = ({query, variables}) => {
    const index = tabs.findIndex(tab => tab.query === query);
    if (index >= 0) {
      changeTab(index);
      return;
    }
    addTab();
    queryEditor.setValue(query);
    variableEditor.setValue(variables);
  };
  return (
    <section aria-label="Examples" className="papergraph-examples">
      <div className="graphiql-doc-explorer-title">Examples</div>
      <ol>
        {examples.map(example => (
          <li key={example.name}>
            <button type="button" disabled={!ready} aria-current={tabs[active]?.query === example.query} onClick={() => open(example)}>
              <strong>{example.title}</strong>
              <span>{example.about}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
