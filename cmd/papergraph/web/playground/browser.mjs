// Looks at a running server as a reader does, in Debian's Chromium.
//
//   node browser.mjs URL [FOLDER]
//
// It opens the playground, runs the example query and sees the answer; opens a
// node's page, follows a link in its drawing and sees the other page. It fails
// on errors in the console and on requests to anywhere else. With FOLDER it
// leaves screenshots there.
import assert from 'node:assert/strict';
import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {chromium} from 'playwright-core';

const base = process.argv[2].replace(/\/$/, '');
const folder = process.argv[3];
if (folder) {
  mkdirSync(folder, {recursive: true});
}

const browser = await chromium.launch({
  executablePath: process.env.PAPERGRAPH_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});

// look opens a page of its own, hands it to act, and checks how it behaved.
async function look(name, path, options, act) {
  const context = await browser.newContext({viewport: {width: 1280, height: 900}, ...options});
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const complaints = [];
  page.on('console', m => ['error', 'warning'].includes(m.type()) && complaints.push(`console: ${m.text()}`));
  page.on('pageerror', e => complaints.push(`exception: ${e.message}`));
  page.on('request', r => {
    if (!r.url().startsWith(base) && !/^(data|blob):/.test(r.url())) {
      complaints.push(`request to ${r.url()}`);
    }
  });
  const response = await page.goto(base + path, {waitUntil: 'load'});
  await act(page, response);
  if (folder) {
    await page.screenshot({path: join(folder, `${name}.png`), fullPage: true});
  }
  assert.deepEqual(complaints, [], name);
  await context.close();
  console.log(`ok ${name}`);
}

// shows waits until a part of the playground has a text; an editor has hard
// spaces in it.
async function shows(page, part, text) {
  await page.waitForFunction(
    ([selector, wanted]) => (document.querySelector(selector)?.textContent ?? '').replaceAll('\u00a0', ' ').includes(wanted),
    [part, text],
  );
}

// run waits until the editor has a query with the given text, runs it, and
// waits for an answer that has another.
async function run(page, query, answer) {
  await shows(page, '.graphiql-query-editor .view-lines', query);
  await page.click('.graphiql-execute-button');
  await shows(page, '.result-window', answer);
}

try {
  await look('playground', '/', {}, async page => {
    assert.match(await page.title(), /papergraph/);
    await run(page, 'query Paper', '"paper"');
    // Every example is a click away, with a word on what it is about.
    const examples = page.locator('.papergraph-examples button');
    const config = JSON.parse(await page.locator('#config').textContent());
    assert.equal(await examples.count(), config.examples.length);
    assert.equal(await page.locator('.graphiql-tab').count(), 1);
    for (const about of await examples.locator('span').allTextContents()) {
      assert.ok(about.length > 20, about);
    }
    const stats = page.getByRole('button', {name: /How large the graph is/});
    await stats.click();
    await run(page, 'query Stats', '"byKind"');
    assert.equal(await stats.getAttribute('aria-current'), 'true');
    assert.equal(await page.locator('.graphiql-tab').count(), 2);
  });

  // The button makes a link that answers by itself, and leads people back here.
  await look('playground-permalink', '/', {permissions: ['clipboard-read', 'clipboard-write']}, async page => {
    await page.locator('.papergraph-examples button').last().click();
    await run(page, 'query Search', '"hits"');
    await page.getByRole('button', {name: 'Copy link to this query'}).click();
    await page.waitForURL(/[?]query=/);
    const copied = new URL(await page.evaluate(() => navigator.clipboard.readText()));
    assert.match(copied.pathname, /^\/q\/[0-9a-f]{64}$/);
    assert.ok(JSON.parse(copied.searchParams.get('variables')).text);
    const answer = await (await fetch(`${copied}&format=json`)).json();
    assert.ok(answer.data.search);
    await page.goto(copied.href);
    await run(page, 'query Search', '"hits"');
  });

  // Every field says in the playground what it is.
  await look('playground-docs', '/', {}, async page => {
    await page.getByRole('button', {name: 'Show Documentation Explorer'}).click();
    await page.getByRole('link', {name: 'Query', exact: true}).click();
    await page.getByRole('link', {name: 'paper', exact: true}).click();
    await shows(page, '.graphiql-doc-explorer-content', 'paper');
    assert.ok((await page.locator('.graphiql-markdown-description').first().textContent()).length > 10);
  });

  await look('playground-dark', '/', {colorScheme: 'dark'}, async page => {
    await run(page, 'query Paper', '"paper"');
  });

  const query = 'query Shared($name: String!) { resolve(name: $name) { entity { id } } }';
  const link = `/?${new URLSearchParams({query, variables: '{"name": "LoRA"}'})}`;
  await look('playground-link', link, {}, async page => {
    await run(page, 'query Shared', 'method:lora');
  });

  for (const colorScheme of ['light', 'dark']) {
    await look(`node-${colorScheme}`, '/method/lora', {colorScheme}, async page => {
      assert.equal(await page.locator('h1').textContent(), 'LoRA');
    });
  }

  await look('paper', '/method/lora', {}, async page => {
    // The drawing's links are the reason why it stands in the page itself.
    const target = page.locator('.canvas svg a[href^="/paper/"]').first();
    const href = await target.getAttribute('href');
    await target.click();
    await page.waitForURL(base + href);
    assert.ok((await page.locator('h1').textContent()).length > 0);
    assert.equal(await page.locator('.kind').first().textContent(), 'paper');
  });

  // The same without scripts and from the keyboard alone.
  await look('start', '/browse', {javaScriptEnabled: false}, async page => {
    await page.keyboard.press('Tab');
    assert.equal(await page.locator(':focus').textContent(), 'Skip to content');
  });
  await look('search', '/browse', {javaScriptEnabled: false}, async page => {
    await page.locator('#q2').fill('lora');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/search\?q=lora/);
    assert.ok((await page.locator('.hits li').count()) > 0);
  });
  await look('phone', '/method/lora', {viewport: {width: 390, height: 844}}, async page => {
    const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= window, `the page is ${wide} wide in a window of ${window}`);
  });
} finally {
  await browser.close();
}
