import type { Histogram } from '../histogram.ts';

export type Labels = { readonly [name: string]: string };

/** One line of a metric: its labels, and the number. */
export type Sample = readonly [labels: Labels, value: number];

/** A metric with everything that belongs to it. Names and units follow the rules that `promtool check metrics` checks. */
export type Family =
  | {
      readonly type: 'counter' | 'gauge';
      readonly name: string;
      readonly help: string;
      readonly samples: readonly Sample[];
    }
  | {
      readonly type: 'histogram';
      /** Ends in `_seconds`. */
      readonly name: string;
      readonly help: string;
      readonly histograms: readonly (readonly [labels: Labels, histogram: Histogram])[];
    };

/** A number, or one for each set of labels. */
export type Figures = number | readonly Sample[];

function samplesOf(figures: Figures): readonly Sample[] {
  return typeof figures === 'number' ? [[{}, figures]] : figures;
}

export function gauge(name: string, help: string, figures: Figures): Family {
  return { type: 'gauge', name, help, samples: samplesOf(figures) };
}

export function counter(name: string, help: string, figures: Figures): Family {
  return { type: 'counter', name, help, samples: samplesOf(figures) };
}

export function timing(name: string, help: string, histogram: Histogram): Family {
  return { type: 'histogram', name, help, histograms: [[{}, histogram]] };
}
