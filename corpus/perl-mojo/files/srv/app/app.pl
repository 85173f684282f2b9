#!/usr/bin/perl
use Mojolicious::Lite -signatures;
use DBI;
use Digest::SHA qw(sha256_hex);
use Encode qw(encode);
use Image::Magick;
use Mojo::DOM;
use Mojo::JSON qw(encode_json);
use POSIX qw(strftime);
use Socket qw(getaddrinfo inet_ntoa unpack_sockaddr_in AF_INET);

app->mode('production');
app->secrets(['corpus']);
helper db => sub {
	state $db = do {
		my $made = DBI->connect("dbi:SQLite:/var/lib/app/photos.$$.db", '', '', {RaiseError => 1, sqlite_unicode => 1});
		$made->do('CREATE TABLE IF NOT EXISTS photo (id INTEGER PRIMARY KEY, title TEXT)');
		$made;
	};
};

sub picture ($width, $height) {
	my $image = Image::Magick->new(size => "${width}x${height}");
	$image->Read('gradient:red-blue');
	return $image;
}

get '/' => sub ($c) { $c->render(template => 'front', titles => ['Sea', '<Hill>']) };
get '/healthz' => {text => "ok\n"};
post '/titles' => sub ($c) {
	my $title = ($c->req->json // {})->{title};
	return $c->render(json => {error => 'title'}, status => 422) unless length($title // '');
	$c->db->do('INSERT INTO photo (title) VALUES (?)', undef, $title);
	my ($found) = $c->db->selectrow_array('SELECT title FROM photo WHERE id = ?', undef, $c->db->last_insert_id);
	$c->render(json => {title => $found}, status => 201);
};
get '/picture/:kind' => sub ($c) {
	my $image = picture(64, 48);
	my $format = $c->param('kind');
	$image->Set(magick => $format);
	my @blobs = $image->ImageToBlob;
	return $c->render(text => 'no such format', status => 415) unless @blobs && defined $blobs[0];
	$c->render(data => $blobs[0]);
};
post '/size' => sub ($c) {
	my $image = Image::Magick->new;
	my $error = $image->BlobToImage($c->req->body);
	return $c->render(text => "$error", status => 415) if !$image->Get('width');
	$c->render(json => {width => $image->Get('width'), height => $image->Get('height'), magick => $image->Get('magick')});
};
post '/thumbnail' => sub ($c) {
	my $image = Image::Magick->new;
	$image->BlobToImage($c->req->body);
	$image->Resize(geometry => '10x10');
	$image->Set(magick => 'PNG');
	$c->render(data => ($image->ImageToBlob)[0]);
};
get '/text' => sub ($c) {
	my $image = Image::Magick->new(size => '100x30');
	$image->Read('xc:white');
	my $error = $image->Annotate(text => 'Hello', font => '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf', pointsize => 16,
		gravity => 'Center', fill => 'black');
	$image->Set(magick => 'PNG');
	$c->render(data => ($image->ImageToBlob)[0], status => $error ? 500 : 200);
};
get '/zone' => sub ($c) { $c->render(text => strftime('%H:%M', localtime(1719835200))) };
post '/dom' => sub ($c) { $c->render(json => Mojo::DOM->new($c->req->text)->find('a')->map(attr => 'href')->to_array) };
get '/process' => sub ($c) {
	open(my $pipe, '-|', '/usr/bin/sha256sum', '/etc/corpus-tls/ca.pem') or die $!;
	$c->render(text => scalar <$pipe>);
};
get '/names/#name' => sub ($c) {
	my ($error, @found) = getaddrinfo($c->param('name'), 80, {family => AF_INET});
	return $c->render(text => "$error", status => 404) if $error;
	$c->render(text => inet_ntoa((unpack_sockaddr_in($found[0]{addr}))[1]));
};
get '/digest' => sub ($c) { $c->render(text => sha256_hex('x')) };
get '/encoding' => sub ($c) { $c->render(text => length encode('UTF-16LE', 'abc')) };
get '/unicode' => sub ($c) { $c->render(text => join ',', map { lc } "\x{c4}pfel" =~ /\p{Lu}/g) };
get '/session' => sub ($c) { $c->render(text => ++$c->session->{n}) };
get '/error' => sub ($c) { die 'as asked for' };
post '/upload' => sub ($c) { $c->render(text => $c->req->upload('file')->size) };
get '/fetch' => sub ($c) {
	$c->render_later;
	$c->ua->ca('/etc/corpus-tls/ca.pem')->get('https://localhost:3443/healthz' => sub ($ua, $tx) { $c->render(text => $tx->res->body) });
};
websocket '/echo' => sub ($c) { $c->on(message => sub ($c, $text) { $c->send(uc $text) }) };
app->start;
__DATA__
@@ front.html.ep
<h1>Photos</h1>
% for my $title (@$titles) {
<p><%= $title %></p>
% }
