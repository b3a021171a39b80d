import type { HttpConfig } from '../config/config.ts';
import { missingPart, partFix } from '../missing-part.ts';
import type { LocalHttp, LocalHttpDependencies } from './local-http.ts';

/** Applications of this machine; open only when the config says so, and last. */
export class LocalApplications implements AsyncDisposable {
  http: LocalHttp | undefined;

  /** Goes over to these settings; absent: off. */
  async open(dependencies: LocalHttpDependencies, config: HttpConfig | undefined): Promise<void> {
    await this[Symbol.asyncDispose]();
    if (config === undefined) return;
    try {
      const { openLocalHttp } = await import('./local-http.ts'); // Costs nothing when it is off.
      this.http = await openLocalHttp(dependencies, config);
    } catch (err) {
      if (missingPart(err) === undefined) throw err;
      dependencies.log.error({ err }, `no page and no diagnostics; ${partFix}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { http } = this;
    this.http = undefined;
    await http?.[Symbol.asyncDispose]();
  }
}
