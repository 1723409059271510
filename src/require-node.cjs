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
