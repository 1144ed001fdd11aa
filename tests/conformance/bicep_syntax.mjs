// SPDX-License-Identifier: Apache-2.0
// Parses a Bicep file with the tree-sitter grammar for Bicep, which nobody here wrote.
//   node bicep_syntax.mjs NODE_MODULES FILE
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [modules, file] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { Parser, Language } = require('web-tree-sitter');
await Parser.init();
const parser = new Parser();
parser.setLanguage(await Language.load(`${modules}/tree-sitter-bicep/tree-sitter-bicep.wasm`));
const tree = parser.parse(readFileSync(file, 'utf8'));

const problems = [];
const resources = [];
const visit = (node) => {
  if (node.isError || node.isMissing) problems.push(`line ${node.startPosition.row + 1}: ${node.text.slice(0, 80)}`);
  if (node.type === 'resource_declaration') resources.push(node.text.split('\n')[0]);
  for (const child of node.children) visit(child);
};
visit(tree.rootNode);
for (const problem of problems) console.error(problem);
console.log(resources.length);
process.exit(problems.length === 0 && resources.length > 0 ? 0 : 1);
