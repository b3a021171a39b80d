/** Where the kernel tells about itself; elsewhere in tests. */
export interface SystemFolders {
  readonly sys: string;
  readonly dev: string;
  readonly proc: string;
}

export const systemFolders: SystemFolders = { sys: '/sys', dev: '/dev', proc: '/proc' };
