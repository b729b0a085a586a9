<?php
// Loaded before a PHP program by `huifu-mock exec --intercept`: PHP's streams (file_get_contents, fopen) know no proxy
// variable, so those for Huifu's hosts get the proxy here. All others are opened as ever; curl reads the variable itself.
// $http_response_header is not filled for a stream that goes this way; stream_get_meta_data()['wrapper_data'] is.

final class HuifuMockStream extends ArrayObject
{
    private const REAL = '/(^|\.)(huifu\.com|testpnr\.com|cloudpnr\.com)\.?$/i';

    /** @var resource|null */
    public $context;
    /** @var resource|false */
    private $stream = false;

    public static function register(): void
    {
        foreach (['http', 'https'] as $scheme) {
            stream_wrapper_unregister($scheme);
            stream_wrapper_register($scheme, self::class, STREAM_IS_URL);
        }
    }

    public function stream_open(string $url, string $mode, int $options, ?string &$opened): bool
    {
        $context = $this->context ?? stream_context_get_default();
        if (preg_match(self::REAL, (string) parse_url($url, PHP_URL_HOST))) {
            $context = stream_context_create(stream_context_get_options($context));
            stream_context_set_option($context, 'http', 'proxy', 'tcp://' . getenv('HUIFU_MOCK_INTERCEPT'));
            if (stripos($url, 'http:') === 0) {
                stream_context_set_option($context, 'http', 'request_fulluri', true);
            }
        }
        stream_wrapper_restore('http');
        stream_wrapper_restore('https');
        try {
            $this->stream = $options & STREAM_REPORT_ERRORS
                ? fopen($url, $mode, false, $context) : @fopen($url, $mode, false, $context);
        } finally {
            self::register();
        }
        if ($this->stream !== false) {
            $this->exchangeArray(stream_get_meta_data($this->stream)['wrapper_data'] ?? []);
        }
        return $this->stream !== false;
    }

    public function stream_read(int $count)
    {
        return fread($this->stream, $count);
    }

    public function stream_eof(): bool
    {
        return feof($this->stream);
    }

    public function stream_stat()
    {
        return fstat($this->stream);
    }

    public function stream_set_option(int $option, int $first, ?int $second): bool
    {
        switch ($option) {
            case STREAM_OPTION_BLOCKING:
                return stream_set_blocking($this->stream, (bool) $first);
            case STREAM_OPTION_READ_TIMEOUT:
                return stream_set_timeout($this->stream, $first, (int) $second);
            default:
                return false;
        }
    }

    public function stream_cast(int $as)
    {
        return $this->stream;
    }

    public function stream_close(): void
    {
        fclose($this->stream);
    }
}

if (getenv('HUIFU_MOCK_INTERCEPT')) {
    HuifuMockStream::register();
}
