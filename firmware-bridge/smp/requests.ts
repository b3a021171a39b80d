import { smpGroup, smpImageCommand, smpOsCommand } from './header.ts';
import type { SmpRequest } from './request.ts';

/* The requests of MCUmgr that an update needs. Names of the fields as its specification has them. */

export function echo(text: string): SmpRequest {
  return { name: 'echo', operation: 'write', group: smpGroup.os, command: smpOsCommand.echo, fields: { d: text } };
}

export const readParameters: SmpRequest = {
  name: 'the question for its buffer',
  operation: 'read',
  group: smpGroup.os,
  command: smpOsCommand.parameters,
  fields: {},
};

/** `i`: the board it was built for. */
export const readBoard: SmpRequest = {
  name: 'the question for its board',
  operation: 'read',
  group: smpGroup.os,
  command: smpOsCommand.info,
  fields: { format: 'i' },
};

export const restart: SmpRequest = {
  name: 'restart',
  operation: 'write',
  group: smpGroup.os,
  command: smpOsCommand.reset,
  fields: {},
};

export const readImages: SmpRequest = {
  name: 'the question for its images',
  operation: 'read',
  group: smpGroup.image,
  command: smpImageCommand.state,
  fields: {},
};

/** Try it once at the next start; without `confirm` the start after that goes back. */
export function testImage(hash: Uint8Array): SmpRequest {
  return { ...writeState, name: 'test', fields: { hash, confirm: false } };
}

export function confirmImage(hash: Uint8Array): SmpRequest {
  return { ...writeState, name: 'confirm', fields: { hash, confirm: true } };
}

const writeState = { operation: 'write', group: smpGroup.image, command: smpImageCommand.state } as const;
