#!/usr/bin/env node
// Plain JavaScript, so that an old Node can say what it lacks.
require('../../src/require-node.cjs');
void import('./main.ts');
