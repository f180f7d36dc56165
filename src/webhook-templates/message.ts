/**
 * JSONata that says in words what an event means. It defines, for the expression after it:
 *
 * - `$title`: one line of at most 110 characters, without `<`, `>` and `&`;
 * - `$level`: "info", "success", "warning" or "error", and `$icon`, a pictogram;
 * - `$facts`: at most 10 times `{name, value}`, the values one line of at most 120 characters, never empty;
 * - `$text`: what somebody wrote, such as an SMS, with its line breaks, at most 1500 characters; or undefined;
 * - `$link`: the recording, an http(s) url without quotes, brackets or spaces, at most 1000 characters; or undefined;
 * - `$time`: the time of the event in UTC;
 * - `$short($text, $max)`: the text, cut to so many characters.
 *
 * Nothing is escaped yet: title, facts and text contain what callers and senders chose. Fields are used where they
 * are text or numbers, so a payload may lack any of them, or have null. The time is short for any payload.
 */
export const message = String.raw`
  $d := data;

  /* Without control and direction characters, and without halves of characters. */
  $strange := /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
  $short := function($s, $max) { $length($s) > $max ? $substring($s, 0, $max - 1) & "…" : $s };
  /* Takes the beginning first, so that long texts cost no time. */
  $clean := function($s, $max) { "" & $replace($short($match($s, /^[^]{1,4000}/, 1).match, $max), $strange, "") };
  $line := function($value, $max) {
    $type($value) = "string" ? $trim($replace($clean($value, $max), /\s+/, " "))
    : $type($value) = "number" ? $string($abs($value) < 1e12 ? $round($value, 1) : $value)
    : ""
  };
  $or := function($s, $default) { $s = "" ? $default : $s };

  $duration := function($value) {(
    $all := $round($value);
    $h := $floor($all / 3600);
    $m := $floor($all / 60) % 60;
    ($h > 0 ? $h & " h ") & ($h + $m > 0 ? $m & " min ") & $all % 60 & " s"
  )};
  $size := function($value) {
    $value < 1e6 ? $ceil($value / 1e3) & " KB" : $round($value / 1e6, 1) & " MB"
  };

  $from := $or($line($d.from, 30), "unknown");
  $to := $or($line($d.to, 30), "unknown");
  $resource := $replace($line($d.resource, 40), "_", " ");
  $webhook := "Webhook " & $line($d.webhook_id, 20);
  $title := $trim($replace(
    event = "call.initiated" ? ($d.direction = "inbound" ? "Incoming call from " & $from : "Outgoing call to " & $to)
    : event = "call.answered" ? "Call answered: " & $from & " → " & $to
    : event = "call.completed" ? (
      $d.status = "no-answer" ? "Call not answered" : $d.status = "busy" ? "Line busy"
      : $d.status = "failed" ? "Call failed" : $d.status = "canceled" ? "Call canceled" : "Call ended"
    ) & ": " & $from & " → " & $to
    : event = "call.dtmf" ? "Key " & $line($d.digit, 1) & " pressed"
    : event = "call.recording.completed" ? "Call recording is ready"
    : event = "sms.sent" ? "Message sent to " & $to
    : event = "sms.received" ? "Message from " & $from
    : event = "sms.delivered" ? "Message delivered"
    : event = "sms.failed" ? "Message not delivered"
    : event = "tenant.limit.warning" ? $line($d.percent_used, 20) & " % of " & $resource & " used"
    : event = "tenant.limit.reached" ? "Limit of " & $resource & " reached"
    : event = "phone_number.assigned" ? "New phone number: " & $line($d.phone_number, 40)
    : event = "webhook.failing" ? $webhook & " is failing"
    : event = "webhook.recovered" ? $webhook & " has recovered"
    : event = "webhook.disabled" ? $webhook & " was disabled"
    : event = "webhook.test" ? "Test of your webhook"
    : $line(event, 100),
    /[<>&]/, ""
  ));

  $level := event in ["sms.failed", "tenant.limit.reached", "webhook.failing", "webhook.disabled"] ? "error"
    : event = "call.completed" and $d.status = "failed" ? "error"
    : event = "tenant.limit.warning" ? "warning"
    : event in ["sms.delivered", "webhook.recovered"] ? "success"
    : "info";
  $icon := $lookup({"error": "🔴", "warning": "⚠️", "success": "✅"}, $level);
  $icon := $exists($icon) ? $icon : $match(event, /^call\./) ? "📞" : $match(event, /^sms\./) ? "💬" : "🔔";

  $link := $type($d.recording_url) = "string"
    and $match($d.recording_url, /^https?:\/\/[^\s<>"'()|\\^{}\x60\[\]\u0000-\u001f\u007f-\uffff]{1,990}$/) ? $d.recording_url;
  $media := $type($d.media_count) = "number" ? $d.media_count : $type($d.media_urls) = "array" ? $count($d.media_urls);
  $facts := [$each({
    "from": "From", "to": "To", "phone_number": "Number", "digit": "Key", "status": "Status",
    "hangup_cause": "Cause", "error_code": "Error code", "duration_seconds": "Duration", "media": "Media files",
    "size_bytes": "Size", "format": "Format", "current": "Used", "limit": "Limit", "month": "Month", "url": "URL",
    "consecutive_failures": "Failures in a row", "call_sid": "Call ID", "message_sid": "Message ID"
  }, function($name, $field) {(
    $value := $field = "media" ? $media : $lookup($d, $field);
    $shown := $type($value) = "number" ? (
      $field = "duration_seconds" ? $duration($value)
      : $field = "size_bytes" ? $size($value)
      : $value = 0 and $field in ["media", "consecutive_failures"] ? ""
      : $line($value, 120)
    ) : $line($value, 120);
    $shown != "" ? {"name": $name, "value": $shown}
  )})[[0..9]]];

  $text := [$d.body, $d.reason, $d.message][$type($) = "string"][0];
  $text := $exists($text) ? $replace($clean($text, 1500), /^\s+|\s+$/, "") : "";
  $text := $text != "" ? $text;

  $time := $fromMillis($toMillis(timestamp), "[D] [MNn,*-3] [Y] [H01]:[m01] UTC");
`;
