import type { OutgoingRecord, RecordProducer } from '#domain/kafka-record';
import { count } from '#telemetry/instruments';
import type { Log } from '#telemetry/log';

/** Records for operators that are not written yet; beyond that they are left out: the log and the rows say the same. */
const unwrittenMax = 1_000;

/** Tells operators through their topic, off the critical path: nobody waits for it, and what cannot be told is said in the log. */
export class OperatorNotices {
  private unwritten = 0;

  constructor(
    private readonly producer: RecordProducer,
    private readonly log: Log,
  ) {}

  tell(record: OutgoingRecord): void {
    void this.written(record);
  }

  /** As `tell`, for who waits all the same. Answers once it is written (true) or given up (false); never rejects. */
  async written(record: OutgoingRecord): Promise<boolean> {
    if (this.unwritten >= unwrittenMax) {
      count('hookline_operator_events_left_out_total');
      return false;
    }
    this.unwritten++;
    try {
      await this.producer.send(record);
      return true;
    } catch (error) {
      this.log.warn('operators.notTold', { topic: record.topic, cause: String(error) });
      return false;
    } finally {
      this.unwritten--;
    }
  }
}
