// Preloaded into a process of its own. Writes how many modules it loaded, ES modules and CommonJS ones, when the process ends.
const { writeFileSync } = require('node:fs');
const { registerHooks } = require('node:module');
const { isMainThread } = require('node:worker_threads');

const loaded = new Set();
registerHooks({
  load(url, context, next) {
    if (!url.startsWith('node:')) loaded.add(url);
    return next(url, context);
  },
});
if (isMainThread) process.on('exit', () => writeFileSync(process.env.MODULES_FILE, `${[...loaded].join('\n')}\n`));
