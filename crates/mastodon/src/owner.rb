# masto: owner account
#
# Makes the account that owns the server, with a password that is known beforehand, and leaves an
# existing one as it is. Reads OWNER_USERNAME, OWNER_EMAIL and OWNER_PASSWORD, and OWNER_ROLE where
# the account shall not own the server: blank for an account like anybody's. Prints no secret. Ends
# with 0 when the account exists, with 1 and the reason when it cannot be made.

username = ENV.fetch('OWNER_USERNAME')
account = Account.find_local(username)
user = account&.user

if user.nil? && account
  abort "the name #{username} belonged to an account that was deleted: choose another `owner.username`"
end

if user.nil?
  wanted = ENV.fetch('OWNER_ROLE', 'Owner')
  role = UserRole.find_by(name: wanted) unless wanted.empty?
  abort "the role #{wanted} is missing: the database was not seeded" if role.nil? && !wanted.empty?

  # The mail server of the domain need not exist yet, and looking for it takes long where there is
  # no DNS.
  User.define_singleton_method(:skip_mx_check?) { true }

  user = User.new(
    email: ENV.fetch('OWNER_EMAIL'),
    password: ENV.fetch('OWNER_PASSWORD'),
    agreement: true,
    role_id: role&.id,
    confirmed_at: Time.now.utc,
    bypass_registration_checks: true
  )
  user.account = Account.new(username: username)
  unless user.save
    abort "the owner #{username} cannot be made: #{user.errors.full_messages.join('; ')}"
  end
  made = true

  # Confirms once more in the way that also runs what follows a confirmation.
  user.confirmed_at = nil
end

# Also finishes an account whose making was interrupted.
user.mark_email_as_confirmed! unless user.confirmed?
user.approve! unless user.approved?
puts made ? "made the owner #{username}" : "the owner #{username} exists"
