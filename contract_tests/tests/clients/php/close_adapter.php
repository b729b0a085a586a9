<?php
// Lets huifu-contract call the application's own close. It passes on what the application says and decides nothing.
// huifu-contract client --client 'cmd:php close_adapter.php'
declare(strict_types=1);

// >>> your application: the only place to change
require __DIR__ . '/close.php';

const ABOUT = [
    'client' => ['name' => 'php-reference', 'version' => '1', 'language' => 'php'],
    'profiles' => ['wire', 'decision'],
    'claims' => ['query', 'retry', 'generates-seq', 'generates-date'],
    'timeout_s' => 2,
    'max_attempts' => 5,
];

function close(array $config, string $baseUrl, array $params): array
{
    $said = (new CloseClient($baseUrl, $config, timeout: 2.0, attemptTimeout: 0.4))->close($params);
    $text = fn (string $name): ?string => is_string($value = $said['reply'][$name] ?? null) ? $value : null;
    $seen = ['resp_code' => $text('resp_code'), 'trans_stat' => $text('trans_stat')];
    return ['outcome' => $said['verdict'], 'seen' => $seen, 'attempts' => $said['attempts']];
}
// <<< end of the place to change

ini_set('display_errors', 'stderr');
ob_start(fn (string $printed): string => fwrite(STDERR, $printed) ? '' : '', 1); // stdout is for the protocol alone
$config = [];
while (($line = fgets(STDIN)) !== false) {
    $message = json_decode($line, true, 512, JSON_THROW_ON_ERROR);
    try {
        $said = match ($message['op']) {
            'hello' => [$config = $message['config'], ABOUT][1],
            'close' => close($config, $message['base_url'], $message['params']),
            'bye' => ['ok' => true],
            default => ['outcome' => 'unsupported'],
        };
    } catch (Throwable $error) {
        $trace = $error->getFile() . ':' . $error->getLine();
        $said = ['outcome' => 'crashed'];
        $said['error'] = ['kind' => $error::class, 'message' => $error->getMessage(), 'trace' => $trace];
    }
    fwrite(STDOUT, json_encode(['id' => $message['id']] + $said, JSON_INVALID_UTF8_SUBSTITUTE) . "\n");
}
