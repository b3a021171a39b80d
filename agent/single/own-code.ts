import path from 'node:path';
import type { CodeSubjects } from '../health/tests/code.ts';
import { assetBytes, assetText } from './assets.ts';

/** The program that runs, and what is in it. Takes the place of agent/cli/own-code.ts. */
export function ownCode(): CodeSubjects {
  const assets: { readonly [name: string]: string } = JSON.parse(assetText('assets.json'));
  return {
    folder: path.dirname(process.execPath),
    isFromSource: false,
    platform: `${process.platform}-${process.arch}`,
    nodeBinary: process.execPath,
    nodeVersion: process.version,
    arch: process.arch,
    single: { assets, asset: assetBytes, program: process.execPath },
  };
}
