import {
  isEmptyRecording,
  recordingEventId,
  recordingFacts,
  recordingPayload,
  type UploadedRecording,
} from '../events/recording.js';
import { EventMismatchError } from './errors.js';
import type { WebhookSource } from './webhook-source.js';

/** `recordingCompleted` of a source with this `triggerEvent`. Throws TypeError for a report that makes no sense. */
export async function recordingCompleted(
  triggerEvent: WebhookSource['triggerEvent'],
  recording: UploadedRecording,
): Promise<boolean> {
  const facts = recordingFacts(recording, (message) => new TypeError(message));
  const { callSid, tenantId, sizeBytes, recordingUrl: url } = recording;
  if (isEmptyRecording({ ...facts, sizeBytes })) return false;
  try {
    const { repeated } = await triggerEvent({
      tenantId,
      eventType: 'call.recording.completed',
      eventId: recordingEventId(callSid, facts.path),
      occurredAt: facts.at,
      payload: recordingPayload({ ...facts, callSid, url, sizeBytes }),
    });
    return !repeated;
  } catch (error) {
    // The id depends on the call and the file only: the recording was reported before, with another time for example.
    if (error instanceof EventMismatchError) return false;
    throw error;
  }
}
