import type { Plugin, PluginBuild } from 'esbuild';

/**
 * Native files in `native/<platform-arch>`: `node-gyp-build(dir)` of serialport, `bindings('epoll.node')` of onoff, and
 * our own. `folder` is where `native` is, seen from the bundle.
 */
export function nativeFiles(folder: '.' | '..'): Plugin {
  const path = `join(__dirname, '${folder}', 'native', process.platform + '-' + process.arch, file)`;
  return {
    name: 'native-files',
    setup(build) {
      loadAddons(build, './drivers/native/addon-file.ts');
      build.onLoad({ filter: /\/drivers\/native\/addon-file\.ts$/ }, () => ({
        contents: `import { join } from 'node:path'; export const addonFile = (file) => ${path};`,
        loader: 'js',
      }));
    },
  };
}

/** Has the packages with a native file load it from where `addonFile` of that module says. They require a function. */
export function loadAddons(build: PluginBuild, addonFileModule: string): void {
  build.onResolve({ filter: /^(node-gyp-build|bindings)$/ }, ({ path }) => ({ path, namespace: 'native-file' }));
  build.onLoad({ filter: /.*/, namespace: 'native-file' }, ({ path }) => ({
    contents: `
      const { addonFile } = require('${addonFileModule}');
      module.exports = () => {
        const module = { exports: {} };
        process.dlopen(module, addonFile('${path === 'bindings' ? 'epoll.node' : 'serialport.node'}'));
        return module.exports;
      };`,
    loader: 'js',
    resolveDir: process.cwd(),
  }));
}
