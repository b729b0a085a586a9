<?php
// A small, correct client of the close endpoint: PHP with its openssl extension alone.
//
// It says closed or not_closed only when Huifu said so, signed, about this very order. After any doubt it asks
// closequery; it never sends a close with a new number.
declare(strict_types=1);

final class NoReply extends RuntimeException
{
}

final class CloseClient
{
    private const MOST_BYTES = 1024 * 1024;
    private const LENGTHS = ['req_seq_id' => 128, 'huifu_id' => 32, 'org_req_seq_id' => 128, 'org_hf_seq_id' => 128];
    private const ECHOED = ['req_date', 'req_seq_id', 'huifu_id'];
    private const NAMED = ['huifu_id', 'org_req_date', 'org_req_seq_id', 'org_hf_seq_id'];
    /** With F these say that nothing was done; 23000000 does not, for it may speak of an earlier close. */
    private const CERTAIN = ['10000000', '21000000', '22000000', '23000001', '23000004'];
    private const SYSTEM = ['90000000', '98888888', '99999999'];
    /** Nothing is escaped that need not be: PHP would escape slashes, Chinese and U+2028 by itself. */
    private const PLAIN = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_LINE_TERMINATORS
        | JSON_PRESERVE_ZERO_FRACTION | JSON_THROW_ON_ERROR;

    private OpenSSLAsymmetricKey $merchant;
    private OpenSSLAsymmetricKey $huifu;

    public function __construct(
        private string $baseUrl,
        private array $config,
        private float $timeout = 15.0,
        private float $attemptTimeout = 5.0,
        private int $attempts = 5,
        private float $firstPause = 0.1,
    ) {
        $this->merchant = openssl_pkey_get_private(self::pem('PRIVATE KEY', $config['merchant_private_key']))
            ?: throw new InvalidArgumentException('merchant_private_key is one line of Base64, PKCS8');
        $this->huifu = openssl_pkey_get_public(self::pem('PUBLIC KEY', $config['huifu_public_key']))
            ?: throw new InvalidArgumentException('huifu_public_key is one line of Base64, X.509');
    }

    /** ['verdict' => …, 'reply' => …, 'attempts' => …]; closed and not_closed are certain, rejected sent nothing. */
    public function close(array $params): array
    {
        $data = $params + [
            'req_date' => self::today(), 'req_seq_id' => self::fresh(), 'huifu_id' => $this->config['huifu_id'],
        ];
        foreach (self::LENGTHS as $name => $most) {
            if (iconv_strlen($data[$name] ?? '', 'UTF-8') > $most) {
                return ['verdict' => 'rejected', 'reply' => null, 'attempts' => 0];
            }
        }
        if (($data['org_req_seq_id'] ?? '') === '' && ($data['org_hf_seq_id'] ?? '') === '') {
            return ['verdict' => 'rejected', 'reply' => null, 'attempts' => 0];
        }
        $until = self::now() + $this->timeout;
        [$standing, $reply, $attempt] = ['doubt', null, 0];
        for ($gap = $this->firstPause; ; $gap *= 2) {
            $asking = $attempt > 0 && $standing !== 'busy' && $standing !== 'resend';
            $heard = $this->exchange($asking ? 'closequery' : 'close', $asking ? self::query($data) : $data, $until);
            $reply = $heard ?? $reply;
            $standing = $asking ? self::afterQuery($heard, $standing) : self::afterClose($heard);
            $attempt++;
            if ($standing === 'closed' || $standing === 'not_closed') {
                return ['verdict' => $standing, 'reply' => $reply, 'attempts' => $attempt];
            }
            // time makes these clear, and the application can ask again later
            $enough = $standing === 'young' || ($attempt >= 3 && in_array($standing, ['busy', 'pending'], true));
            if ($enough || $attempt >= $this->attempts || self::now() + $gap >= $until) {
                break;
            }
            usleep((int) ($gap * 1_000_000));
        }
        $verdict = in_array($standing, ['young', 'pending'], true) ? 'pending' : 'unknown';
        return ['verdict' => $verdict, 'reply' => $reply, 'attempts' => $attempt];
    }

    /** What is signed: top-level names in order, compact, nothing escaped that need not be. */
    public static function canonical(array $data): string
    {
        ksort($data, SORT_STRING);
        return json_encode((object) $data, self::PLAIN);
    }

    /**
     * The text of each member of a JSON object as it was received, for a signature covers that: written anew, 1.10
     * would be 1.1. A name that stands twice has no meaning.
     */
    private static function members(string $text): array
    {
        preg_match_all('~"[^"\\\\]*+(?:\\\\.[^"\\\\]*+)*+"|[{}\[\],:]~s', $text, $pieces, PREG_OFFSET_CAPTURE);
        [$found, $depth, $name, $from] = [[], 0, null, 0];
        foreach ($pieces[0] as [$piece, $at]) {
            if ($depth === 1 && ($piece === ',' || $piece === '}') && $name !== null) {
                if (isset($found[$name])) {
                    throw new JsonException("$name stands twice");
                }
                [$found[$name], $name] = [trim(substr($text, $from, $at - $from)), null];
            } elseif ($depth === 1 && $piece === ':') {
                $from = $at + 1;
            } elseif ($depth === 1 && $name === null && $piece[0] === '"') {
                $name = json_decode($piece, false, 2, JSON_THROW_ON_ERROR);
            }
            $depth += match ($piece) { '{', '[' => 1, '}', ']' => -1, default => 0 };
        }
        return $found;
    }

    /** The data of a whole, genuine reply to this very request; null where there is none. */
    private function exchange(string $op, array $data, float $until): ?array
    {
        openssl_sign(self::canonical($data), $signature, $this->merchant, OPENSSL_ALGO_SHA256);
        $body = json_encode([
            'sys_id' => $this->config['sys_id'],
            'product_id' => $this->config['product_id'],
            'sign' => base64_encode($signature),
            'data' => (object) $data,
        ], self::PLAIN);
        $deadline = min($until, self::now() + $this->attemptTimeout);
        try {
            $received = $this->post("/v2/trade/payment/scanpay/$op", $body, $deadline);
            $envelope = json_decode($received, false, 64, JSON_THROW_ON_ERROR);
            $signed = self::members($received)['data'] ?? '{}';
            self::members($signed);
        } catch (NoReply | JsonException) {
            return null;
        }
        $found = $envelope instanceof stdClass ? ($envelope->data ?? null) : null;
        if (!$found instanceof stdClass || !is_string($envelope->sign ?? null)) {
            return null;
        }
        $found = (array) $found;
        $raw = base64_decode($envelope->sign, true);
        if ($raw === false || openssl_verify($signed, $raw, $this->huifu, OPENSSL_ALGO_SHA256) !== 1) {
            return null;
        }
        return self::answers($found, $data) ? $found : null;
    }

    /** A genuine reply to another request is no reply to this one. */
    private static function answers(array $reply, array $sent): bool
    {
        foreach (self::ECHOED as $name) {
            if (($reply[$name] ?? null) !== $sent[$name]) {
                return false;
            }
        }
        foreach (self::NAMED as $name) {
            if (isset($sent[$name], $reply[$name]) && $reply[$name] !== $sent[$name]) {
                return false;
            }
        }
        return true;
    }

    /** The body of a whole reply with status 200, all of it before the deadline. Throws NoReply. */
    private function post(string $path, string $body, float $deadline): string
    {
        $url = parse_url($this->baseUrl);
        $secure = $url['scheme'] === 'https';
        $port = $url['port'] ?? ($secure ? 443 : 80);
        $address = ($secure ? 'tls://' : 'tcp://') . $url['host'] . ':' . $port;
        $line = @stream_socket_client($address, $number, $why, max(0.001, $deadline - self::now()));
        if ($line === false) {
            throw new NoReply("no connection: $why");
        }
        try {
            stream_set_blocking($line, false);
            $head = 'POST ' . ($url['path'] ?? '') . "$path HTTP/1.1\r\nHost: {$url['host']}:$port\r\n"
                . "Content-Type: application/json\r\nConnection: close\r\nContent-Length: " . strlen($body) . "\r\n\r\n";
            for ($left = $head . $body; $left !== ''; $left = substr($left, $written)) {
                self::ready($line, $deadline, true);
                $written = @fwrite($line, $left);
                if ($written === false || ($written === 0 && feof($line))) {
                    throw new NoReply('the connection broke off');
                }
            }
            for ($received = ''; self::body($received) === null; ) {
                self::ready($line, $deadline, false);
                $piece = @fread($line, 65536);
                if ($piece === false || ($piece === '' && feof($line)) || strlen($received) > self::MOST_BYTES) {
                    throw new NoReply('the reply was cut off or is far too long');
                }
                $received .= $piece;
            }
            return self::body($received);
        } finally {
            fclose($line);
        }
    }

    private static function ready(mixed $line, float $deadline, bool $toWrite): void
    {
        $left = $deadline - self::now();
        [$read, $write, $except] = $toWrite ? [null, [$line], null] : [[$line], null, null];
        if ($left <= 0 || @stream_select($read, $write, $except, (int) $left, (int) (fmod($left, 1) * 1e6)) !== 1) {
            throw new NoReply('no whole reply in time');
        }
    }

    /** The body as soon as it is whole; null until then. */
    private static function body(string $received): ?string
    {
        do { // before the reply others may come that only tell that it will: 100 to 199
            [$head, $body] = explode("\r\n\r\n", $received, 2) + [1 => null];
            $received = $body ?? '';
        } while ($body !== null && preg_match('~^HTTP/1\.1 1\d\d ~', $head));
        if ($body === null) {
            return null;
        }
        if (!preg_match('~^HTTP/1\.[01] 200 ~', $head)) {
            throw new NoReply(strtok($head, "\r\n") ?: 'no HTTP');
        }
        if (preg_match('~\r\nTransfer-Encoding: *chunked~i', $head)) {
            return self::chunks($body);
        }
        if (!preg_match('~\r\nContent-Length: *(\d+)~i', $head, $found)) {
            throw new NoReply('a reply without its length');
        }
        return strlen($body) >= (int) $found[1] ? substr($body, 0, (int) $found[1]) : null;
    }

    /** The text of the chunks once the last one is there. */
    private static function chunks(string $body): ?string
    {
        for ($text = '', $at = 0; preg_match('~\G([0-9a-f]{1,7})[^\r\n]*\r\n~i', $body, $found, 0, $at); $at = $end + 2) {
            $begin = $at + strlen($found[0]);
            $end = $begin + hexdec($found[1]);
            if ($end === $begin) {
                return $text;
            }
            if (strlen($body) < $end + 2) {
                return null;
            }
            $text .= substr($body, $begin, $end - $begin);
        }
        return null;
    }

    private static function query(array $data): array
    {
        $named = array_intersect_key($data, array_flip(self::NAMED));
        return $named + ['req_date' => self::today(), 'req_seq_id' => self::fresh()];
    }

    private static function afterClose(?array $reply): string
    {
        $code = $reply['resp_code'] ?? null;
        return match ($reply['trans_stat'] ?? null) {
            'S' => 'closed',
            'P' => 'pending',
            'F' => match (true) {
                $code === '20000001' => str_contains((string) ($reply['resp_desc'] ?? ''), '一分钟') ? 'young' : 'busy',
                in_array($code, self::CERTAIN, true) => 'not_closed',
                in_array($code, self::SYSTEM, true) => 'doubt',
                default => 'refused',
            },
            default => 'doubt',
        };
    }

    /** 23000001 says here that Huifu knows of no close (assumed). */
    private static function afterQuery(?array $reply, string $standing): string
    {
        $code = $reply['resp_code'] ?? null;
        return match ($reply['trans_stat'] ?? null) {
            'S' => 'closed',
            'P' => 'pending',
            'F' => match (true) {
                $code === '23000001' => $standing === 'refused' ? 'not_closed' : 'resend',
                $code === '00000000', $code === '00000100' => 'not_closed',
                default => $standing,
            },
            default => $standing,
        };
    }

    private static function pem(string $kind, string $base64): string
    {
        return "-----BEGIN $kind-----\n" . chunk_split($base64, 64, "\n") . "-----END $kind-----\n";
    }

    private static function today(): string
    {
        return (new DateTimeImmutable('now', new DateTimeZone('+08:00')))->format('Ymd'); // in Beijing
    }

    private static function fresh(): string
    {
        return bin2hex(random_bytes(16));
    }

    private static function now(): float
    {
        return hrtime(true) / 1e9;
    }
}
