#!/usr/bin/env perl
# SPDX-License-Identifier: MIT
# An implementation of four chapters of SPEC.md in Perl, and its adapter: core modules only, Perl 5.14 or newer.
#
#     python3 -m conformance run --adapter "perl docs/examples/adapter.pl"
#
# The first part is the implementation, which does not depend on the suite. It rejects an input with refuse(NAME, why). The second
# part is the adapter: a table of the protocol's operations, and a loop over lines. docs/judging.md builds it step by step.
use strict;
use warnings;
use B ();
use Compress::Zlib ();
use Digest::SHA qw(sha256_hex hmac_sha256 hmac_sha256_hex);
use Encode ();
use JSON::PP ();
use MIME::Base64 qw(encode_base64 decode_base64);

sub refuse { my ($name, $why, %more) = @_; die {name => $name, message => $why, %more} }

# ---- text: lines (TXT-010 to TXT-013) and server-sent events (TXT-020 to TXT-032) ----------------------------------

my $CHARACTERS = qr/(?:[\x00-\x7f]+|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|\xed[\x80-\x9f][\x80-\xbf]
    |[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})/x;
my $BEGINNING = qr/\A(?:[\xc2-\xdf]|\xe0[\xa0-\xbf]?|\xed[\x80-\x9f]?|[\xe1-\xec\xee\xef][\x80-\xbf]?
    |\xf0(?:[\x90-\xbf][\x80-\xbf]?)?|[\xf1-\xf3][\x80-\xbf]{0,2}|\xf4(?:[\x80-\x8f][\x80-\xbf]?)?)?\z/x;

# Perl's strict decoder rejects noncharacters such as U+FFFF, which are valid UTF-8. Its lax one accepts surrogates and characters
# after U+10FFFF. Their octets are looked for only if one of them may begin, because the search takes long.
sub is_valid {
    my ($bytes) = @_;
    return 0 if $bytes =~ tr/\xed\xf4-\xff// && $bytes =~ /\xed[\xa0-\xbf]|\xf4[\x90-\xbf]|[\xf5-\xff]/;
    return utf8::decode($bytes);
}

# Returns the valid beginning of the bytes, and the rest. It looks at single octets only if there is an error.
sub valid_part {
    my ($bytes) = @_;
    my $end = length $bytes;
    $end-- while $end > 0 && length($bytes) - $end < 3 && substr($bytes, $end - 1, 1) =~ /[\x80-\xbf]/;
    $end-- if $end > 0 && substr($bytes, $end - 1, 1) =~ /[\xc2-\xf4]/;
    for my $length (length $bytes, $end) {
        my $valid = substr $bytes, 0, $length;
        return ($valid, substr $bytes, $length) if is_valid($valid);
    }
    pos($bytes) = 0;
    1 while $bytes =~ /\G$CHARACTERS/gc;
    return (substr($bytes, 0, pos $bytes || 0), substr $bytes, pos $bytes || 0);
}

sub decoded { my ($bytes) = @_; utf8::decode($bytes); return $bytes }

# Returns a reader that gives the complete characters of each part to $take, as bytes. After them it rejects invalid UTF-8, so
# that an error does not lose the results before it (TXT-007). A reader is a function: a part in, and undef at the end.
sub utf8_reader {
    my ($take, $end) = @_;
    my $rest = '';
    return sub {
        my ($part) = @_;
        if (!defined $part) {
            refuse('BadText', 'the text ends inside a character') if $rest ne '';
            return $end->();
        }
        (my $valid, $rest) = valid_part($rest . $part);
        $take->($valid);
        refuse('BadText', 'not UTF-8') if $rest !~ $BEGINNING;
    };
}

my $LONGEST = 32 * 1024 * 1024;

sub line_reader {
    my ($emit) = @_;
    my $line = '';
    my $add = sub {
        $line .= $_[0];
        refuse('TooLong', 'a line') if length($line) - (substr($line, -1) eq "\r" ? 1 : 0) > $LONGEST;
    };
    my $take = sub {
        my ($bytes) = @_;
        while ($bytes =~ /\G([^\n]*+)\n/gc) {
            $add->($1);
            chop $line if substr($line, -1) eq "\r";    # a CR before any other character stays
            $emit->(decoded($line));
            $line = '';
        }
        $add->(substr $bytes, pos $bytes || 0);
    };
    return utf8_reader($take, sub { $emit->(decoded($line)) if $line ne '' });
}

sub event_reader {
    my ($emit) = @_;
    my ($line, $after_cr, $is_first, $size, @data, $type) = ('', 0, 1, 0);
    my $id = '';
    my $field = sub {
        my ($text) = @_;
        return if $text =~ /\A:/;
        my ($name, $value) = $text =~ /\A([^:]*)(?::[ ]?(.*))?\z/s;
        $value = '' if !defined $value;
        push @data, $value if $name eq 'data';
        $type = $value     if $name eq 'event';
        $id   = $value     if $name eq 'id' && $value !~ /\0/;
    };
    my $end_event = sub {
        $emit->({event => defined $type && $type ne '' ? $type : 'message', data => join("\n", @data), id => $id}) if @data;
        @data = ();
        undef $type;
        $size = 0;
    };
    my $add = sub {
        $line .= $_[0];
        refuse('TooLong', 'an event') if $size + length $line > $LONGEST;
    };
    my $taken = sub {    # the text of a line
        my $text = decoded($line);
        $text =~ s/\A\x{FEFF}// if $is_first;
        ($line, $is_first) = ('', 0);
        return $text;
    };
    my $take = sub {
        my ($bytes) = @_;
        return if $bytes eq '';
        pos($bytes) = $after_cr && $bytes =~ /\A\n/ ? 1 : 0;    # the LF of a CR LF
        $after_cr = $bytes =~ /\r\z/;
        while ($bytes =~ /\G([^\r\n]*+)(?:\r\n|\n|\r)/gc) {
            $add->($1);
            $size += 1 + length $line;
            my $text = $taken->();
            if ($text eq '') { $end_event->() }
            else             { $field->($text) }
        }
        $add->(substr $bytes, pos $bytes || 0);
    };
    my $end = sub {
        my $text = $taken->();
        if ($text ne '') {    # TXT-030, TXT-031
            my $is_whole = $text =~ /:/ || $text =~ /\A(?:data|event|id|retry|[ \t]*\[DONE\][ \t]*)\z/;
            refuse('EndsEarly', 'the text ends inside the name of a field') if !$is_whole;
            $field->($text);
        }
        $end_event->();
    };
    return utf8_reader($take, $end);
}

# ---- frames (chapter EVS) ------------------------------------------------------------------------------------------

my $CEILING = 32 * 1024 * 1024;
my @TYPES = qw(boolean boolean int8 int16 int32 int64 bytes string timestamp uuid);
my %CODES = (int8 => 2, int16 => 3, int32 => 4, int64 => 5, bytes => 6, string => 7, timestamp => 8, uuid => 9);
my %PACK = (int8 => 'c', int16 => 's>', int32 => 'l>', int64 => 'q>', timestamp => 'q>');
my %WIDTH = (int8 => 1, int16 => 2, int32 => 4, int64 => 8, timestamp => 8, uuid => 16);

sub crc { return pack 'N', Compress::Zlib::crc32($_[0]) }

sub utf8_of {
    my ($valid, $rest) = valid_part($_[0]);
    refuse('BadText', 'a name or a string that is not UTF-8') if $rest ne '';
    return decoded($valid);
}

sub headers_of {
    my ($block) = @_;
    my ($at, @headers, %seen) = (0);
    my $take = sub {
        my ($count) = @_;
        refuse('BadHeader', "a header ends behind the block, at byte $at") if $at + $count > length $block;
        $at += $count;
        return substr $block, $at - $count, $count;
    };
    while ($at < length $block) {
        my $name_length = unpack 'C', $take->(1);
        refuse('BadHeader', 'an empty name') if !$name_length;
        my $octets = $take->($name_length);
        my $code = unpack 'C', $take->(1);
        refuse('UnknownType', "type $code") if $code > $#TYPES;
        my $type = $TYPES[$code];
        my $value =
              $type eq 'boolean' ? ($code == 0 ? JSON::PP::true : JSON::PP::false)
            : $code == 6 ? encode_base64($take->(unpack 'n', $take->(2)), '')
            : $code == 7 ? utf8_of($take->(unpack 'n', $take->(2)))
            : $code == 9 ? join '-', unpack 'H8H4H4H4H12', $take->(16)
            :              '' . unpack $PACK{$type}, $take->($WIDTH{$type});    # as text, which the protocol allows
        my $name = utf8_of($octets);    # after the structure (EVS-011)
        refuse('TwiceNamed', $name) if $seen{$name}++;
        push @headers, {name => $name, type => $type, value => $value};
        refuse('TooLong', 'too many headers') if @headers > 32768;
    }
    return \@headers;
}

sub frame_reader {
    my ($emit) = @_;
    my ($buffer, $known, $total, $headers) = ('', 0);
    return sub {
        my ($chunk) = @_;
        if (!defined $chunk) {
            refuse('EndsEarly', 'the stream ends inside a frame') if $buffer ne '';
            return;
        }
        $buffer .= $chunk;
        while (length $buffer >= 12) {
            if (!$known) {
                ($total, $headers, my $prelude_crc) = unpack 'NNa4', $buffer;
                refuse('PreludeChecksum', 'the prelude is damaged') if crc(substr $buffer, 0, 8) ne $prelude_crc;
                refuse('BadLength', "total_length $total") if $total < 16;
                refuse('BadLength', "headers_length $headers of $total") if $headers > $total - 16;
                refuse('TooLong', "total_length $total") if $total > $CEILING;
                refuse('TooLong', "headers_length $headers") if $headers > 1_048_576;
                $known = 1;
            }
            return if length $buffer < $total;
            my $frame = substr $buffer, 0, $total, '';
            $known = 0;
            refuse('MessageChecksum', 'the message is damaged') if crc(substr $frame, 0, $total - 4) ne substr $frame, $total - 4;
            $emit->({headers => headers_of(substr $frame, 12, $headers),
                     payload => encode_base64(substr($frame, 12 + $headers, $total - $headers - 16), '')});
        }
    };
}

sub is_number { return !ref $_[0] && !(B::svref_2object(\$_[0])->FLAGS & B::SVp_POK) }

sub check_type {    # EVS-013: no value is silently converted to another type
    my ($type, $value) = @_;
    my $fits =
          $type eq 'boolean' ? JSON::PP::is_bool($value)
        : $PACK{$type} ? !ref $value && $value =~ /\A-?[0-9]+\z/a
        :                !ref $value && defined $value && !is_number($value);
    refuse('WrongType', "a value that is no $type") if !$fits;
}

sub header_bytes {
    my ($name, $type, $value) = @_;
    my $bytes = Encode::encode('UTF-8', $name);
    refuse('BadArgument', 'a name of ' . length($bytes) . ' bytes') if length $bytes < 1 || length $bytes > 255;
    refuse('BadArgument', "no type $type") if $type ne 'boolean' && !$CODES{$type};
    check_type($type, $value);
    my $code = $type eq 'boolean' ? ($value ? 0 : 1) : $CODES{$type};
    my $start = pack('C', length $bytes) . $bytes . pack 'C', $code;
    return $start if $type eq 'boolean';
    if ($type eq 'bytes' || $type eq 'string') {
        my $data = $type eq 'bytes' ? decode_base64($value) : Encode::encode('UTF-8', $value);
        refuse('TooLong', 'a value of ' . length($data) . ' bytes') if length $data > 32767;
        return $start . pack 'n/a*', $data;
    }
    if ($type eq 'uuid') { $value =~ tr/-//d; return $start . pack 'H32', $value }
    my $packed = pack $PACK{$type}, $value;
    refuse('BadArgument', "$value is no $type") if unpack($PACK{$type}, $packed) ne $value;
    return $start . $packed;
}

sub frame_of {
    my ($headers, $payload) = @_;
    my %seen;
    for my $header (@$headers) { refuse('BadArgument', "$header->{name} twice") if $seen{$header->{name}}++ }
    my $block = join '', map { header_bytes(@$_{qw(name type value)}) } @$headers;
    refuse('TooLong', 'too many headers') if length $block > 131072;
    refuse('TooLong', 'too much payload') if length $payload > 25165824;
    my $prelude = pack 'NN', 16 + length($block) + length $payload, length $block;
    my $frame = $prelude . crc($prelude) . $block . $payload;
    return $frame . crc($frame);
}

# ---- Signature Version 4 (chapter SIG) -----------------------------------------------------------------------------

my %NEVER = map { $_ => 1 } qw(accept-encoding authorization baggage connection expect keep-alive proxy-authenticate
    proxy-authorization te traceparent tracestate trailer transfer-encoding upgrade user-agent x-amzn-trace-id);
my $TOKEN = qr/\A[!#\$%&'*+.^_`|~0-9A-Za-z-]+\z/;

sub escape { my ($octets) = @_; $octets =~ s/([^A-Za-z0-9\-._~])/sprintf '%%%02X', ord $1/ge; return $octets }

sub unescape { my ($octets) = @_; $octets =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge; return $octets }

sub canonical_uri {
    my ($path, $normalize, $twice) = @_;
    refuse('BadArgument', 'the target does not begin with a slash') if $path ne '' && $path !~ m{\A/};
    if ($normalize) {
        my @kept;
        for my $segment (split m{/}, $path) { $segment eq '..' ? pop @kept : $segment =~ /\A\.?\z/ ? () : push @kept, $segment }
        $path = '/' . join('/', @kept) . (@kept && $path =~ m{/\z} ? '/' : '');
    }
    $path = '/' if $path eq '';
    return join '/', map { escape($_) } split m{/}, $path, -1 if $twice;
    $path =~ s{([^A-Za-z0-9\-._~/%]|%(?![0-9A-Fa-f]{2}))}{sprintf '%%%02X', ord $1}ge;
    return $path;
}

sub canonical_query {
    my ($query) = @_;
    my @pairs = map { my ($name, $value) = /\A([^=]*)=?(.*)\z/s; [escape(unescape($name)), escape(unescape($value))] }
        grep { $_ ne '' } split /&/, $query;
    return join '&', map {"$_->[0]=$_->[1]"} sort { $a->[0] cmp $b->[0] || $a->[1] cmp $b->[1] } @pairs;
}

sub check_credentials {
    my ($given) = @_;
    for my $part (qw(access_key secret_key session_token)) {
        my $value = defined $given->{$part} ? $given->{$part} : '';
        refuse('BadCredentials', "the $part is empty") if $value eq '' && $part ne 'session_token';
        refuse('BadCredentials', "the $part holds what it must not") if $value =~ /[^\x21-\x7e]/ || $part eq 'access_key' && $value =~ m{[/,]};
    }
    for my $part (qw(region service)) {
        refuse('BadArgument', "no $part") if $given->{$part} !~ m{\A[\x21-\x2b\x2d\x2e\x30-\x7e]+\z};
    }
}

sub sign {
    my ($given) = @_;
    check_credentials($given);
    my ($method, $target, $time, $body) = @$given{qw(method target time body)};
    refuse('BadArgument', 'the method is no token') if $method !~ $TOKEN;
    refuse('BadArgument', 'the target holds CR, LF or NUL') if $target =~ /[\r\n\0]/;
    refuse('BadArgument', 'no such time') if !is_time($time);
    my $token = defined $given->{session_token} ? $given->{session_token} : '';
    my @own = (['x-amz-date', $time]);
    push @own, ['x-amz-security-token', $token] if $token ne '' && !$given->{omit_session_token};
    push @own, ['x-amz-content-sha256', sha256_hex($body)] if $given->{sign_body};
    my %replaced = map { $_->[0] => 1 } @own;
    $replaced{'x-amz-security-token'} = 1 if $token ne '';
    my %values;
    for my $header (@{$given->{headers}}) {
        my ($name, $value) = @$header;
        refuse('BadArgument', 'a header name that is no token') if $name !~ $TOKEN;
        refuse('BadArgument', 'a header value that cannot be sent') if $value =~ /[^\x00-\xff]/;
        $value =~ s/\r?\n(?=[ \t])/ /g;
        refuse('BadArgument', 'a header value with a line break') if $value =~ /[\r\n\0]/;
        push @{$values{lc $name}}, $value if !$replaced{lc $name};
    }
    push @{$values{$_->[0]}}, $_->[1] for @own;
    refuse('BadArgument', 'no host') if !$values{host};
    # A proxy removes the headers that Connection names.
    my %hop = map { lc($_) => 1 } map { split /[ \t]*,[ \t]*/ } @{$values{connection} || []};
    delete @hop{grep { $_ eq 'host' || /\Ax-amz-/ } keys %hop};
    delete @values{grep { $NEVER{$_} || $hop{$_} || /\Ax-forwarded-/ } keys %values};
    for my $list (values %values) {
        for my $value (@$list) { $value =~ s/[ \t]+/ /g; $value =~ s/\A | \z//g }
    }
    refuse('BadArgument', 'an empty host') if grep { $_ eq '' } @{$values{host}};
    my $signed = join ';', sort keys %values;
    my ($path, $query) = split /\?/, Encode::encode('UTF-8', $target, Encode::FB_CROAK), 2;
    my $canonical_request = join "\n", $method,
        canonical_uri(defined $path ? $path : '', $given->{normalize_path}, $given->{double_encode}),
        canonical_query(defined $query ? $query : ''), join('', map { "$_:" . join(',', @{$values{$_}}) . "\n" } sort keys %values), $signed,
        sha256_hex($body);
    my $date = substr $time, 0, 8;
    my $scope = join '/', $date, $given->{region}, $given->{service}, 'aws4_request';
    my $string_to_sign = join "\n", 'AWS4-HMAC-SHA256', $time, $scope, sha256_hex($canonical_request);
    my $key = "AWS4$given->{secret_key}";
    $key = hmac_sha256($_, $key) for $date, $given->{region}, $given->{service}, 'aws4_request';
    my $signature = hmac_sha256_hex($string_to_sign, $key);
    return {canonical_request => Encode::decode('ISO-8859-1', $canonical_request), string_to_sign => $string_to_sign, signature => $signature,
            authorization => "AWS4-HMAC-SHA256 Credential=$given->{access_key}/$scope, SignedHeaders=$signed, Signature=$signature"};
}

sub is_time {
    my ($year, $month, $day, $hour, $minute, $second) = $_[0] =~ /\A(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\z/a or return 0;
    my $leap = $year % 4 == 0 && ($year % 100 || $year % 400 == 0);
    my @days = (31, $leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31);
    return $year > 0 && $month >= 1 && $month <= 12 && $day >= 1 && $day <= $days[$month - 1] && $hour < 24 && $minute < 60 && $second < 60;
}

# ---- the adapter ---------------------------------------------------------------------------------------------------

my %KINDS = (    # our error names and the protocol's kinds
    BadText => 'utf8', EndsEarly => 'truncated', PreludeChecksum => 'prelude_crc', MessageChecksum => 'message_crc',
    BadLength => 'length', TooLong => 'limit', BadHeader => 'header', UnknownType => 'header_type', TwiceNamed => 'duplicate_header',
    BadArgument => 'constraint', WrongType => 'type', BadCredentials => 'configuration');

# Feeds chunks to a reader and returns its results, and after how many chunks it returned each (docs/judging.md, section 6.3).
sub fed {
    my ($key, $chunks, $reader_of) = @_;
    my ($given, @results, @after) = (0);
    my $reader = $reader_of->(sub { push @results, $_[0]; push @after, $given });
    my $done = eval {
        for my $chunk (@$chunks) { $given++; $reader->(decode_base64($chunk)) }
        $given++;
        $reader->(undef);
        1;
    };
    my $output = {$key => \@results, after => \@after};
    return $output if $done;
    my $error = $@;
    $error->{output} = {%$output, refused_after => $given} if ref $error eq 'HASH';
    die $error;
}

my %OPERATIONS = (
    'text.lines' => sub { return fed('lines', $_[0]{parts}, \&line_reader) },
    'text.sse' => sub { return fed('events', $_[0]{parts}, \&event_reader) },
    'eventstream.decode' => sub { return fed('messages', $_[0]{chunks}, \&frame_reader) },
    'eventstream.encode' => sub {
        return {frame => encode_base64(frame_of($_[0]{headers}, decode_base64($_[0]{payload})), '')};
    },
    'sigv4.sign' => sub {
        my %given = (normalize_path => 1, double_encode => 1, %{$_[0]});    # the protocol's defaults
        $given{body} = decode_base64($given{body});
        return sign(\%given);
    },
);

# JSON::PP reads a string one character at a time, which takes seconds for 16 MiB. So long base64 is taken out of the line before
# JSON::PP reads it, and put back afterwards.
sub question_of {
    my ($json, $line) = @_;
    my @long;
    my $shorten = sub { return $_[0] if length $_[0] < 32768; push @long, $_[0]; return "long string $#long" };
    $line =~ s{(?<!\\)"([A-Za-z0-9+/=]+)"}{'"' . $shorten->($1) . '"'}ge if length $line > 32768;
    my $question = $json->decode($line);
    put_back($question, \@long) if @long;
    return $question;
}

sub put_back {
    my ($container, $long) = @_;
    for my $value (ref $container eq 'HASH' ? values %$container : @$container) {
        if (ref $value eq 'HASH' || ref $value eq 'ARRAY') { put_back($value, $long) }
        elsif (defined $value && !ref $value && !is_number($value)) { $value =~ s/\Along string ([0-9]+)\z/$long->[$1]/ }
    }
}

sub answer_to {
    my ($question) = @_;
    my $operation = $OPERATIONS{$question->{op}};
    return {status => 'unsupported', reason => "no operation $question->{op}"} if !$operation;
    my $output = eval { $operation->($question->{input}) };
    return {status => 'ok', output => $output} if defined $output;
    my $error = $@;
    return {status => 'error', detail => "$error"} if ref $error ne 'HASH';    # an error of this program, not a rejection
    return {status => 'reject', kind => $error->{name}, message => $error->{message}, output => $error->{output}};
}

my $json = JSON::PP->new->utf8->canonical;
$| = 1;                                                                        # flush each line, because the suite waits for it
while (my $line = <STDIN>) {
    my $question = question_of($json, $line);
    if ($question->{cmd} eq 'bye') { last }
    my $answer =
        $question->{cmd} eq 'hello'
        ? {protocol => 2, implementation => {name => 'perl-example', version => '1.0', language => 'perl'},
           operations => [sort keys %OPERATIONS], kinds => \%KINDS}
        : {seq => $question->{seq}, %{answer_to($question)}};
    print $json->encode($answer), "\n";
}
