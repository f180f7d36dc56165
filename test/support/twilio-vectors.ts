/**
 * Requests as Twilio signs them: made with its SDK, checked with openssl. The bodies are byte for byte what it posts.
 */
export interface TwilioVector {
  url: string;
  body: string;
  signature: string;
  /** Default `test-token-0001`. */
  token?: string;
}

const inbound =
  'ToCountry=US&ToState=CA&SmsMessageSid=SM00112233445566778899aabbccddeeff&NumMedia=0&ToCity=&FromZip=&SmsSid=SM00112233445566778899aabbccddeeff&FromState=&SmsStatus=received&FromCity=&Body=Za%C5%BC%C3%B3%C5%82%C4%87+%F0%9F%98%80+%26+100%25&FromCountry=US&To=%2B15557654321&ToZip=&NumSegments=1&MessageSid=SM00112233445566778899aabbccddeeff&AccountSid=AC0123456789abcdef0123456789abcdef&From=%2B15551234567&ApiVersion=2010-04-01';

const media = (id: string) =>
  encodeURIComponent(
    `https://api.twilio.com/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages/MM00112233445566778899aabbccddeeff/Media/ME${id.repeat(32)}`,
  );

export const vectors = {
  sms: { url: 'https://hooks.example.test/twilio/messages', body: inbound, signature: 'ea4v9DQy0QcXfFaK7Nm3J5UNgVc=' },
  mms: {
    url: 'https://hooks.example.test/twilio/messages',
    body: `SmsMessageSid=MM00112233445566778899aabbccddeeff&NumMedia=2&SmsSid=MM00112233445566778899aabbccddeeff&SmsStatus=received&Body=&To=%2B15557654321&NumSegments=2&MessageSid=MM00112233445566778899aabbccddeeff&AccountSid=AC0123456789abcdef0123456789abcdef&From=%2B15551234567&MediaContentType0=image%2Fjpeg&MediaUrl0=${media('0')}&MediaContentType1=video%2Fmp4&MediaUrl1=${media('1')}&ApiVersion=2010-04-01`,
    signature: 'OCm45TfFA/+G7qzpYcQYEY3qAgY=',
  },
  delivered: {
    url: "https://hooks.example.test/twilio/status?tenant=t_1&note=O'Fallon+a%3Fb",
    body: 'SmsSid=SM00112233445566778899aabbccddeeff&SmsStatus=delivered&MessageStatus=delivered&To=%2B15551234567&MessageSid=SM00112233445566778899aabbccddeeff&AccountSid=AC0123456789abcdef0123456789abcdef&From=%2B15557654321&ApiVersion=2010-04-01&RawDlrDoneDate=2510291203',
    signature: 'Gmy5VxVotUsPZKfsIAJDI1yTsCw=',
  },
  undelivered: {
    url: 'https://hooks.example.test/twilio/status',
    body: 'ErrorCode=30003&SmsSid=SM00112233445566778899aabbccddeeff&SmsStatus=undelivered&MessageStatus=undelivered&To=%2B15551234567&MessageSid=SM00112233445566778899aabbccddeeff&AccountSid=AC0123456789abcdef0123456789abcdef&From=%2B15557654321&ApiVersion=2010-04-01',
    signature: 'by4Bqa7WbPS7Y15/xp3Uhk2Z0cE=',
  },
  repeatedName: {
    url: 'https://hooks.example.test/twilio/status',
    body: 'M=b&M=a&M=b',
    signature: 'IfGSdDV+ho8qY0XI41J5hsmgzes=',
  },
  ofTheSdk: {
    url: 'https://mycompany.com/myapp.php?foo=1&bar=2',
    body: 'CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212',
    signature: 'RSOYDt4T1cUTdK1PDd93/VVr8B8=',
    token: '12345',
  },
  /** Field case 38. */
  behindProxy: {
    url: 'https://hooks.example.test/twilio/sms',
    body: 'From=%2B15550100&To=%2B15550101&Body=hi&MessageSid=SM0002&NumMedia=0&FromCity=',
    signature: 'H9GWpWdn8KxMV/fsMe+VYg1OZ+g=',
  },
} satisfies Record<string, TwilioVector>;

/** As Express parses it: a repeated name becomes a list. */
export function parseForm(body: string): Record<string, string | string[]> {
  const form: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(body))
    form[name] = name in form ? [form[name]!, value].flat() : value;
  return form;
}
