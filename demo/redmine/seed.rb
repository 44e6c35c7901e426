# Fills a fresh Redmine database: ruby seed.rb FIRM_JSON. Rows come with their ids, so that nothing has to be asked for them.
require File.join(ENV.fetch("COLONNADE_REDMINE_APP"), "config", "environment")

FIRM = JSON.parse(File.read(ARGV.fetch(0)))
PERMISSIONS = %i[
  view_issues add_issues edit_issues view_time_entries log_time log_time_for_other_users edit_time_entries
  add_project add_subprojects edit_project close_project manage_members
].freeze
MODULES = %w[issue_tracking time_tracking].freeze

def with_id(record, id)
  record.id = id
  record.save!(validate: false)
  record
end

def in_slices(model, rows)
  rows.each_slice(400) { |slice| model.insert_all!(slice) }
end

def settings
  Redmine::DefaultData::Loader.load("en")
  { rest_api_enabled: "1", login_required: "1", display_subprojects_issues: "0",
    default_projects_modules: MODULES, notified_events: [] }.each { |name, value| Setting[name] = value }
  # Hours are entered without an activity: one of them is the usual one.
  TimeEntryActivity.order(:id).last.update!(is_default: true)
end

def fields(role)
  FIRM["fields"].each do |field|
    attributes = { name: field["name"], field_format: "string", is_filter: true, is_for_all: true, visible: field["visible"], searchable: false }
    attributes[:roles] = [role] unless field["visible"]
    record = with_id(field["type"].constantize.new(attributes), field["id"])
    record.trackers = Tracker.all if record.is_a?(IssueCustomField)
  end
end

def people
  FIRM["users"].each do |row|
    user = User.new(row.slice("firstname", "lastname", "mail", "status"))
    user.login = row["login"]
    with_id(user, row["id"])
  end
end

def service
  user = User.new(firstname: "Colonnade", lastname: "Service", mail: "colonnade@northbeam.example")
  user.login = FIRM["service"]["login"]
  user.save!(validate: false)
  Token.create!(user: user, action: "api").update_column(:value, FIRM["service"]["key"])
  user
end

def projects(role, service)
  worker = Role.create!(name: "Consultant", permissions: %i[view_issues view_time_entries log_time])
  members = FIRM["members"].group_by(&:first)
  FIRM["projects"].each do |row|
    project = Project.new(name: row["name"], is_public: false)
    project.identifier = row["identifier"]
    project.enabled_module_names = MODULES
    with_id(project, row["id"])
    project.trackers = Tracker.all
    Member.create!(project: project, principal: service, roles: [role])
    members.fetch(project.id, []).each { |_, user| Member.new(project: project, user_id: user, roles: [worker]).save!(validate: false) }
    project.update_column(:status, row["status"])
  end
end

def work(service)
  tracker, priority, activity = Tracker.first, IssuePriority.default || IssuePriority.first, TimeEntryActivity.default
  now = Time.now.utc
  dated = { "created_on" => now, "updated_on" => now }
  in_slices(Issue, FIRM["issues"].map { |row|
    row.merge(dated, "tracker_id" => tracker.id, "priority_id" => priority.id, "author_id" => service.id, "lft" => 1, "rgt" => 2)
  })
  in_slices(TimeEntry, FIRM["time_entries"].map { |row|
    day = Date.iso8601(row["spent_on"])
    row.merge(dated, "author_id" => service.id, "activity_id" => activity.id,
              "tyear" => day.year, "tmonth" => day.month, "tweek" => day.cweek)
  })
  # A project saves an empty value of each of its fields.
  CustomValue.delete_all
  in_slices(CustomValue, FIRM["values"].map { |field, kind, id, value|
    { "custom_field_id" => field, "customized_type" => kind, "customized_id" => id, "value" => value }
  })
end

ActionMailer::Base.perform_deliveries = false
ActiveRecord::Base.transaction do
  settings
  role = Role.create!(name: "Integration", permissions: PERMISSIONS)
  # Whoever makes a project by the service's account is in it.
  Setting.new_project_user_role_id = role.id.to_s
  fields(role)
  people
  account = service
  projects(role, account)
  work(account)
end
