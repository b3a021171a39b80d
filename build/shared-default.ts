import type { Plugin } from 'esbuild';

/**
 * `import path from 'node:path'` makes an object of its own with a getter for each name, once for each file that says so.
 * With this there is one for all of them, and it is the module itself.
 */
export const sharedDefault: Plugin = {
  name: 'shared-default',
  setup(build) {
    build.onResolve({ filter: /^node:path$/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'shared-default' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'shared-default' }, async ({ path }) => {
      const names = Object.keys(await import(path)).filter((name) => name !== 'default' && name !== 'module.exports');
      const contents = `const whole = require('${path}'); export default whole; export const { ${names.join(', ')} } = whole;`;
      return { contents, loader: 'js', resolveDir: '.' };
    });
  },
};
