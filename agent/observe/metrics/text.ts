import { boundsUs, type Histogram } from '../histogram.ts';
import type { Family, Labels } from './family.ts';

/** The text format of Prometheus, version 0.0.4. */
export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** A family without a sample is left out: not measured is not zero. */
export function formatMetrics(families: readonly Family[]): string {
  return families.flatMap(linesOf).join('\n');
}

function linesOf(family: Family): readonly string[] {
  const { name, type, help } = family;
  const lines =
    family.type === 'histogram'
      ? family.histograms.flatMap(([labels, histogram]) => histogramLines(name, labels, histogram))
      : family.samples.map(([labels, value]) => sampleLine(name, labels, value));
  return lines.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines];
}

function histogramLines(name: string, labels: Labels, histogram: Histogram): readonly string[] {
  const counts = histogram.cumulative();
  const bounds = [...boundsUs.map((us) => String(us / 1_000_000)), '+Inf'];
  return [
    ...bounds.map((le, index) => sampleLine(`${name}_bucket`, { ...labels, le }, counts[index] ?? 0)),
    sampleLine(`${name}_sum`, labels, histogram.sumUs / 1_000_000),
    sampleLine(`${name}_count`, labels, histogram.count),
  ];
}

function sampleLine(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escape(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
}

function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
