import { join } from 'node:path';
import type { Addon } from './addon.ts';

/** Bound to one ABI of Node by NAN: compiled against the headers of the Node that is pinned. */
export function epollAddon(headers: string): Addon {
  const defines = ['NODE_GYP_MODULE_NAME=epoll', 'BUILDING_NODE_EXTENSION', 'USING_UV_SHARED=1', 'USING_V8_SHARED=1'];
  return {
    name: 'epoll',
    compiler: 'g++',
    flags: [
      ...['-shared', '-fPIC', '-O2', '-s', '-std=gnu++20', '-pthread', '-fno-rtti', '-fno-exceptions', '-w'],
      ...defines.map((define) => `-D${define}`),
      ...[`-I${headers}`, '-Inode_modules/nan'],
    ],
    sources: ['node_modules/epoll/src/epoll.cc'],
    inputs: [join(headers, 'node_version.h'), ...['epoll', 'nan'].map((name) => `node_modules/${name}/package.json`)],
  };
}
