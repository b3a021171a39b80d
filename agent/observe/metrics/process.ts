import { agentVersion, protocolVersion } from '../../version.ts';
import { type Family, gauge } from './family.ts';
import type { MetricSources } from './sources.ts';

export function processMetrics({ health, gc }: MetricSources): readonly Family[] {
  const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
  const versions = {
    version: agentVersion,
    protocol: protocolVersion,
    node: process.version,
    config: health.configHash,
  };
  const loop = health.loop();
  return [
    gauge('qn_agent_info', 'Versions of the agent; always 1.', [[versions, 1]]),
    gauge('qn_uptime_seconds', 'Time since the agent was started.', health.uptimeMs() / 1_000),
    gauge('qn_memory_resident_bytes', 'Memory of the process in RAM.', rss),
    gauge('qn_memory_heap_bytes', 'Heap of V8.', [
      [{ state: 'used' }, heapUsed],
      [{ state: 'reserved' }, heapTotal],
    ]),
    gauge('qn_memory_outside_heap_bytes', 'Memory V8 knows of outside its heap.', [
      [{ what: 'external' }, external],
      [{ what: 'array_buffers' }, arrayBuffers],
    ]),
    gauge(
      'qn_disk_written_last_day_bytes',
      'Bytes the agent wrote to the disk in the last 24 hours, or since its start.',
      health.diskWrittenBytesLastDay() ?? [],
    ),
    gauge('qn_event_loop_lag_seconds', 'How late the event loop is.', [
      [{ stat: 'p50' }, loop.p50_us / 1_000_000],
      [{ stat: 'p99' }, loop.p99_us / 1_000_000],
      [{ stat: 'max' }, loop.max_us / 1_000_000],
    ]),
    {
      type: 'histogram',
      name: 'qn_gc_pause_seconds',
      help: 'How long garbage collection stopped the agent, from one second in twenty.',
      histograms: [...gc.histograms].map(([kind, histogram]) => [{ kind }, histogram]),
    },
  ];
}
