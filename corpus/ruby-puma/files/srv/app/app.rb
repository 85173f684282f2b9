require 'bcrypt'
require 'digest'
require 'json'
require 'nokogiri'
require 'open3'
require 'openssl'
require 'resolv'
require 'sinatra/base'
require 'socket'
require 'sqlite3'
require 'tempfile'
require 'yaml'
require 'zlib'

# A list of recipes, and pages for what else Ruby does.
class App < Sinatra::Base
  set :show_exceptions, false
  set :host_authorization, {} if respond_to?(:host_authorization)
  enable :sessions
  set :session_secret, 'c' * 64

  def database
    @database ||= SQLite3::Database.new('/var/lib/app/recipes.db').tap do |made|
      made.busy_timeout = 10_000
      made.execute('CREATE TABLE IF NOT EXISTS recipe (id INTEGER PRIMARY KEY, name TEXT)')
    end
  end

  template(:front) { '<h1>Recipes</h1><% @names.each do |name| %><p><%= Rack::Utils.escape_html(name) %></p><% end %>' }

  get '/' do
    @names = ['Soup', '<Cake>']
    erb :front
  end

  get('/healthz') { "ok\n" }

  post '/recipes' do
    begin
      name = JSON.parse(request.body.read)['name']
    rescue JSON::ParserError
      halt 400
    end
    halt 422 if name.to_s.empty?
    database.execute('INSERT INTO recipe (name) VALUES (?)', [name])
    status 201
    { id: database.last_insert_row_id }.to_json
  end

  get '/recipes/:id' do
    row = database.execute('SELECT id, name FROM recipe WHERE id = ?', [params[:id].to_i]).first
    halt 404 unless row
    { id: row[0], name: row[1] }.to_json
  end

  get('/zone') { Time.at(1719835200).strftime('%H:%M %Z') }

  post '/html' do
    Nokogiri::HTML(request.body.read).css('a').map { |link| link['href'] }.to_json
  end

  post '/xml' do
    halt 400 unless Nokogiri::XML(request.body.read).errors.empty?
    'good'
  end

  get('/process') { Open3.capture2('/usr/bin/ruby', '-e', 'print 6 * 7').first }
  get('/sum') { Open3.capture2('/usr/bin/sha256sum', '/etc/corpus-tls/ca.pem').first }

  get '/names/:name' do
    begin
      Addrinfo.getaddrinfo(params[:name], 80, Socket::AF_INET).first.ip_address
    rescue SocketError
      halt 404
    end
  end

  get '/password' do
    BCrypt::Password.create('secret', cost: 4) == 'secret' ? 'same' : 'other'
  end

  get '/digest/:name' do
    OpenSSL::Digest.new(params[:name]).hexdigest('x')
  end

  get('/deflate') { Zlib::Inflate.inflate(Zlib::Deflate.deflate('squeezed')) }
  get('/yaml') { YAML.dump({ 'a' => [1, 2] }) }
  get('/encoding') { 'größe'.encode('ISO-8859-1').bytesize.to_s }
  get('/file') { Tempfile.create('x') { |file| file.write('abc'); file.flush; File.size(file.path).to_s } }
  get('/threads') { 10.times.map { |i| Thread.new { i * i } }.sum(&:value).to_s }
  get('/session') { (session['n'] = (session['n'] || 0) + 1).to_s }
  get('/error') { raise 'as asked for' }

  post '/upload' do
    request.body.read.bytesize.to_s
  end
end
