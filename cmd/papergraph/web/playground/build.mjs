// Bundles the playground into dist/: what papergraph embeds.
//
//   npm ci --ignore-scripts --legacy-peer-deps
//   node build.mjs            writes dist/
//   node build.mjs DIR        writes DIR instead, to compare
//
// Every file is minified and compressed with gzip, since the server sends it
// so to everybody who accepts it. dist/LICENSES lists whose code it is.
import {build} from 'esbuild';
import {gzipSync} from 'node:zlib';
import {mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
process.chdir(here); // names in the bundle are relative to it
const dist = process.argv[2] ?? join(here, 'dist');

// GraphiQL's style sheet carries 400 kB of Roboto and Fira Code. The fonts that
// the reader's system has do as well.
const systemFonts = {
  name: 'system-fonts',
  setup(b) {
    b.onLoad({filter: /graphiql[\\/]dist[\\/]style\.css$/}, ({path}) => ({
      contents: readFileSync(path, 'utf8').replace(/@font-face\s*\{[^}]*\}/g, face => (/codicon/.test(face) ? face : '')),
      loader: 'css',
    }));
  },
};

const common = {
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  outdir: dist,
  target: ['chrome111', 'firefox128', 'safari16.4'],
  define: {'process.env.NODE_ENV': '"production"'},
  legalComments: 'none', // dist/LICENSES has them all
  loader: {'.ttf': 'file'},
  assetNames: '[name]',
  logLevel: 'warning',
};

const results = await Promise.all([
  build({
    ...common,
    entryPoints: {playground: 'src/playground.jsx'},
    format: 'esm',
    jsx: 'automatic',
    splitting: true,
    chunkNames: 'chunk-[hash]',
    plugins: [systemFonts],
  }),
  build({
    ...common,
    entryPoints: {
      'editor.worker': 'monaco-editor/esm/vs/editor/editor.worker.js',
      'json.worker': 'monaco-editor/esm/vs/language/json/json.worker.js',
      'graphql.worker': 'monaco-graphql/esm/graphql.worker.js',
    },
    format: 'iife',
  }),
]);

rmSync(dist, {recursive: true, force: true});
mkdirSync(dist, {recursive: true});
let raw = 0;
let packed = 0;
for (const file of results.flatMap(r => r.outputFiles)) {
  const bytes = gzipSync(file.contents, {level: 9});
  raw += file.contents.length;
  packed += bytes.length;
  writeFileSync(join(dist, basename(file.path) + '.gz'), bytes);
}
writeFileSync(join(dist, 'LICENSES'), licenses(results.flatMap(r => Object.keys(r.metafile.inputs))));
console.log(`${dist}: ${raw} bytes, ${packed} compressed`);

// licenses has the licence of every package that a bundled file comes from.
function licenses(inputs) {
  const packages = new Map();
  for (const input of inputs) {
    const found = /^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(input);
    if (found) {
      packages.set(found[2], found[1]);
    }
  }
  let text = 'The playground contains code of these packages, each under its own licence.\n';
  for (const [name, folder] of [...packages].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const {version, license} = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    text += `\n${'-'.repeat(72)}\n${name} ${version} (${license})\n\n`;
    const files = readdirSync(folder).filter(f => /^(licen[cs]e|copying|notice|third-?party-?notices)/i.test(f)).sort();
    text += files.map(f => readFileSync(join(folder, f), 'utf8').replace(/\r\n?/g, '\n').trim()).join('\n\n');
    text += files.length ? '\n' : `${name} comes without a licence file; it is under ${license}.\n`;
  }
  return text;
}
