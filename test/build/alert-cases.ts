/** Series that make an alert fire, as `promtool test rules` writes them, and after how many minutes. */
export interface AlertCase {
  readonly series: { readonly [series: string]: string };
  readonly minutes: number;
}

const board = 'instance="pi-1"';

/** One for each rule. Nothing else may fire with it. */
export const alertCases: { readonly [alert: string]: AlertCase } = {
  QnAgentSilent: { series: { [`up{job="qn-agent",${board}}`]: '0x10' }, minutes: 6 },
  QnBrokerUnreachable: { series: { [`qn_link_up{${board}}`]: '1 0x10' }, minutes: 5 },
  QnConnectionFlaps: { series: { [`qn_link_connects_total{${board}}`]: '1+1x30' }, minutes: 20 },
  QnBehindTheBroker: { series: { [`qn_outbox_oldest_seconds{${board}}`]: '0+60x10' }, minutes: 6 },
  QnMessagesDropped: { series: { [`qn_outbox_dropped_total{${board},reason="full"}`]: '0x5 3x10' }, minutes: 10 },
  QnCommandsRefused: {
    series: { [`qn_messages_refused_total{${board},reason="overloaded"}`]: '0+5x20' },
    minutes: 12,
  },
  QnCommandsSlow: {
    series: {
      [`qn_command_duration_seconds_bucket{${board},le="1"}`]: '0+1x40',
      [`qn_command_duration_seconds_bucket{${board},le="10"}`]: '0+10x40',
      [`qn_command_duration_seconds_bucket{${board},le="+Inf"}`]: '0+10x40',
    },
    minutes: 30,
  },
  QnDriverFailed: { series: { [`qn_driver_up{${board},document="gpio.relay1"}`]: '1 0x5' }, minutes: 4 },
  QnOutputSafe: { series: { [`qn_output_safe{${board},document="gpio.relay1"}`]: '0 1x5' }, minutes: 4 },
  QnSelfTestFailed: { series: { [`qn_selftest_failed{${board}}`]: '0 2x10' }, minutes: 8 },
  QnWarning: { series: { [`qn_warnings{${board},code="certificate"}`]: '0 1x20' }, minutes: 18 },
  QnStoreDown: { series: { [`qn_store_up{${board}}`]: '1 0x5' }, minutes: 4 },
  QnDiskWearsOut: { series: { [`qn_store_written_bytes_total{${board}}`]: '0+3000000x600' }, minutes: 480 },
  QnPoolShort: {
    series: { [`qn_pool_refused_total{${board},holder="inbound",slab="small"}`]: '0x5 1x10' },
    minutes: 10,
  },
  QnTooMuchToDo: { series: { [`qn_degrade_level{${board}}`]: '0 3x10' }, minutes: 4 },
  QnEventLoopLag: { series: { [`qn_event_loop_lag_seconds{${board},stat="p99"}`]: '0.01 0.4x20' }, minutes: 10 },
  QnMemoryGrows: {
    series: {
      [`qn_memory_resident_bytes{${board}}`]: '70000000+50000x900',
      [`qn_uptime_seconds{${board}}`]: '0+60x900',
    },
    minutes: 840,
  },
};

/** A board that is well, over half a day. */
export const wellBoard: AlertCase['series'] = {
  [`up{job="qn-agent",${board}}`]: '1x720',
  [`qn_link_up{${board}}`]: '1x720',
  [`qn_link_connects_total{${board}}`]: '1x720',
  [`qn_outbox_oldest_seconds{${board}}`]: '0.2x720',
  [`qn_outbox_dropped_total{${board},reason="full"}`]: '7x720',
  [`qn_messages_refused_total{${board},reason="overloaded"}`]: '3x720',
  [`qn_messages_refused_total{${board},reason="malformed"}`]: '0+9x720',
  [`qn_command_duration_seconds_bucket{${board},le="0.001"}`]: '0+10x720',
  [`qn_command_duration_seconds_bucket{${board},le="+Inf"}`]: '0+10x720',
  [`qn_driver_up{${board},document="gpio.relay1"}`]: '1x720',
  [`qn_output_safe{${board},document="gpio.relay1"}`]: '0x720',
  [`qn_selftest_failed{${board}}`]: '0x720',
  [`qn_warnings{${board},code="certificate"}`]: '0x720',
  [`qn_warnings{${board},code="open-config"}`]: '1x720',
  [`qn_store_up{${board}}`]: '1x720',
  [`qn_store_written_bytes_total{${board}}`]: '0+100000x720',
  [`qn_pool_refused_total{${board},holder="inbound",slab="small"}`]: '4x720',
  [`qn_event_loop_lag_seconds{${board},stat="p99"}`]: '0.002x720',
  [`qn_degrade_level{${board}}`]: '1x720',
  [`qn_memory_resident_bytes{${board}}`]: '70000000x720',
  [`qn_uptime_seconds{${board}}`]: '0+60x720',
};
