/** Line 1 and 2 of every case; the YAML of a row begins in line 3. */
export const validHead = 'node: pi-1\nmqtt: { brokers: [{ url: "mqtt://h" }] }\n';

export interface FaultCase {
  readonly yaml: string;
  /** Without the head. */
  readonly isWhole?: true;
  readonly faults: readonly string[];
}

export type FaultCases = { readonly [title: string]: FaultCase };
