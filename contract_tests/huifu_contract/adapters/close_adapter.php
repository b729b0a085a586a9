<?php
// Lets huifu-contract call the application's own close. It passes on what the application says and decides nothing.
// huifu-contract client --client 'cmd:php close_adapter.php'
declare(strict_types=1);

// >>> your application: the only place to change
const ABOUT = [
    'client' => ['name' => 'my-shop', 'version' => '1', 'language' => 'php'],
    'profiles' => ['wire', 'decision'],
    'claims' => [], // of: query, retry, generates-seq, generates-date, webhook, order
    'timeout_s' => 15, // of one whole close, retries included
];

/** What the application says of this close: ['outcome' => closed, not_closed, pending, unknown or rejected]. */
function close(array $config, string $baseUrl, array $params): array
{
    // $said = (new CloseService($baseUrl, $config))->close($params);
    // return ['outcome' => $said->verdict, 'seen' => $said->reply, 'attempts' => $said->attempts];
    throw new LogicException('put the call of your application here');
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
